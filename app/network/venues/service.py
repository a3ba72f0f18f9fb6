"""Venues: listed, added, changed, retired and taken back into use."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.network.colleges.rules import zone_reasons
from app.network.colleges.service import require_open
from app.network.models import College
from app.network.service import see_college
from app.network.venues.enums import VenueSort, VenueState
from app.network.venues.models import Venue
from app.network.venues.schemas import ListedVenue, NewVenue, VenueChange, VenuePage, VenueShown, VenuesQuery
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_after, fetch_page, folded
from app.platform.database.session import Session, allow
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason, refuse_unless
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_key, search_words
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P

SEARCH_KEY = 600
ORDERS: Orders = {
    VenueSort.NAME: (col(Venue.search_key),),
    VenueSort.CITY: (folded(col(Venue.city)), col(Venue.search_key)),
    VenueSort.COLLEGE: (col(College.name), col(Venue.search_key)),
}


def manages_network(actor: Actor) -> bool:
    """Return whether the actor keeps the venues of the whole network, which have no college."""
    return actor.can(P.NETWORK_MANAGE)


def list_venues(db: Session, actor: Actor, query: VenuesQuery) -> Page[ListedVenue]:
    """Return a page of the venues within reach and of those of the network."""
    statement = _venues(actor, query.recherche)
    is_retired = col(Venue.retired_at).is_not(None)
    statement = statement.where(is_retired if query.etat is VenueState.RETIRED else ~is_retired)
    if query.college is not None:
        statement = statement.where(col(Venue.college_id) == query.college)
    return fetch_page(db, statement, query, ORDERS, col(Venue.id)).map(ListedVenue.model_validate)


def venues(
    db: Session, actor: Actor, *, search: str = "", after: int | None = None, limit: int = PAGE_SIZE
) -> VenuePage:
    """Return the venues in use within reach and those of the network, by name, ``limit`` at a time."""
    statement = _venues(actor, search).where(col(Venue.retired_at).is_(None))
    rows, next_ = fetch_after(db, statement, ORDERS[VenueSort.NAME], col(Venue.id), after=after, limit=limit)
    return VenuePage(items=tuple(ListedVenue.model_validate(row) for row in rows), next=next_)


def _venues(actor: Actor, search: str) -> sa.Select[*tuple[Any, ...]]:
    is_managed = scoped(actor, college=Venue.college_id)
    words = [
        col(Venue.search_key).contains(word, autoescape=True) | folded(col(Venue.city)).contains(word, autoescape=True)
        for word in search_words(search)
    ]
    return (
        sa.select(*_columns(), sa.func.coalesce(is_managed, sa.false()).label("may_change"))
        .outerjoin(College, col(College.id) == col(Venue.college_id))
        .where(is_managed | col(Venue.college_id).is_(None), *words)
    )


def _columns() -> list[sa.ColumnElement[Any]]:
    table = sa.inspect(Venue).local_table
    own = [table.c[name] for name in VenueShown.model_fields if name != "college"]
    return [*own, col(College.name).label("college")]


def venues_offered(db: Session, college_id: int, *, kept: int | None = None) -> list[VenueShown]:
    """Return the venues in use where a college may hold a session: its own and those of the network, by name.

    ``kept`` is the venue of a session that is changed: offered too, although it was retired since.
    """
    rows = db.execute(_offered(college_id, kept).order_by(col(Venue.search_key)))
    return [VenueShown.model_validate(row) for row in rows]


def require_offered(db: Session, college_id: int, venue_id: int, *, kept: int | None = None) -> VenueShown:
    """Return a venue where a college may hold a session; raise ``Invalid`` for a retired one or another college's."""
    row = db.execute(_offered(college_id, kept).where(col(Venue.id) == venue_id)).one_or_none()
    if row is None:
        raise Invalid("invalid", Reason("venue_not_offered", field="venue_id"))
    return VenueShown.model_validate(row)


def _offered(college_id: int, kept: int | None) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(*_columns())
        .outerjoin(College, col(College.id) == col(Venue.college_id))
        .where(col(Venue.college_id).is_(None) | (col(Venue.college_id) == college_id))
        .where(col(Venue.retired_at).is_(None) | (col(Venue.id) == kept))
    )


def see_venue(db: Session, actor: Actor, venue_id: int) -> VenueShown:
    """Return a venue that the actor may change; raise ``NotFound`` for any other."""
    row = db.execute(_venue(venue_id).where(scoped(actor, college=Venue.college_id))).one_or_none()
    if row is None:
        raise NotFound
    return VenueShown.model_validate(row)


def _venue(venue_id: int) -> sa.Select[*tuple[Any, ...]]:
    statement = sa.select(*_columns()).outerjoin(College, col(College.id) == col(Venue.college_id))
    return statement.where(col(Venue.id) == venue_id)


def _written(db: Session, row: Venue) -> VenueShown:
    """Return a venue as it was just written."""
    db.flush()
    return VenueShown.model_validate(db.execute(_venue(row.id)).one())


def add_venue(db: Session, actor: Actor, command: NewVenue) -> VenueShown:
    """Add a venue of a college within reach, or of the network.

    Raises ``NotFound`` for a college out of reach, ``Forbidden("venue_of_network")``, ``Conflict``:
    ``college_closed``, ``venue_exists``; ``Invalid`` for an unknown time zone.
    """
    if command.college_id is not None:
        require_open(db, see_college(db, actor, command.college_id).id)
    else:
        _require_network(actor)
    refuse_unless(*zone_reasons(command.timezone), code="invalid")
    _open_to_write(db, command.college_id)
    key = _free_key(db, command.college_id, command.name)
    row = Venue(**command.model_dump(), search_key=key, created_at=now())
    db.add(row)
    return _written(db, row)


def change_venue(db: Session, venue: VenueShown, command: VenueChange) -> VenueShown:
    """Change a venue. Raises ``Conflict("venue_exists")``, ``Invalid`` for an unknown time zone."""
    refuse_unless(*zone_reasons(command.timezone), code="invalid")
    row = _lock(db, venue)
    key = search_key(command.name)[:SEARCH_KEY]
    if row.retired_at is None:
        key = _free_key(db, row.college_id, command.name, but=row.id)
    for name, value in command.model_dump(include=set(VenueChange.model_fields)).items():
        setattr(row, name, value)
    row.search_key = key
    db.add(row)
    return _written(db, row)


def retire_venue(db: Session, venue: VenueShown) -> VenueShown:
    """Take a venue out of use: no session is planned there any more. Raises ``Conflict("venue_retired")``."""
    row = _lock(db, venue)
    if row.retired_at is not None:
        raise Conflict("venue_retired")
    row.retired_at = now()
    db.add(row)
    return _written(db, row)


def return_venue(db: Session, venue: VenueShown) -> VenueShown:
    """Take a retired venue back into use. Raises ``Conflict``: ``venue_not_retired``, ``venue_exists``."""
    row = _lock(db, venue)
    if row.retired_at is None:
        raise Conflict("venue_not_retired")
    _free_key(db, row.college_id, row.name, but=row.id)
    row.retired_at = None
    db.add(row)
    return _written(db, row)


def _require_network(actor: Actor) -> None:
    if not manages_network(actor):
        raise Forbidden("venue_of_network", Reason("venue_of_network", field="college_id"))


def _open_to_write(db: Session, college_id: int | None) -> None:
    if college_id is None:
        allow(db, Right.NETWORK)


def _free_key(db: Session, college_id: int | None, name: str, *, but: int | None = None) -> str:
    """Return the search key of a name; raise ``Conflict("venue_exists")`` when a venue in use there has it."""
    key = search_key(name)[:SEARCH_KEY]
    same = select(Venue.id).where(
        Venue.college_id == college_id,
        Venue.search_key == key,
        col(Venue.retired_at).is_(None),
        col(Venue.id).is_distinct_from(but),
    )
    if db.exec(same).first() is not None:
        raise Conflict("venue_exists", Reason("venue_exists", field="name"))
    return key


def _lock(db: Session, venue: VenueShown) -> Venue:
    _open_to_write(db, venue.college_id)
    return db.get_one(Venue, venue.id, with_for_update={"key_share": True}, populate_existing=True)
