"""Entries of the directory: searched by a sentence, added, changed, verified, taken out of use and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import col

from app.curricula.library import default_library
from app.network.colleges.service import require_open
from app.network.models import College
from app.network.schemas import CollegeShown
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import Orders, contains_words, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason, Stale, refuse_unless
from app.platform.messages.i18n import today
from app.platform.paging import PAGE, Page
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P
from app.resources.directory import rules
from app.resources.directory.enums import Freshness, ResourceAct, ResourceActSort, ResourceKind, ResourceSort
from app.resources.directory.models import Resource, ResourceChange
from app.resources.directory.schemas import (
    KeptResource,
    ResourceChangeShown,
    ResourceContent,
    ResourceHistoryPage,
    ResourceHistoryQuery,
    ResourcePage,
    ResourcesApiQuery,
    ResourceShown,
    ResourcesQuery,
)

SEARCH_KEY = 600
NAME = col(Resource.search_key)


# Reading -----------------------------------------------------------------------------------------


def list_resources(db: Session, actor: Actor, query: ResourcesQuery) -> tuple[Page[ResourceShown], list[str]]:
    """Return a page of the directory, and the needs that the search lets hear."""
    answer, heard = _answer(query.recherche)
    statement = _resources(actor).where(*_of(query.sorte, query.region, query.besoin), _in_state(query.etat))
    if query.words:
        statement = statement.where(answer > 0)
    orders: Orders = {
        ResourceSort.ANSWER: (-answer, NAME),
        ResourceSort.NAME: (NAME,),
        ResourceSort.VERIFIED: (col(Resource.verified_at),),
    }
    page = fetch_page(db, statement, query, orders, col(Resource.id))
    return page.map(ResourceShown.model_validate), list(heard)


def resources(db: Session, actor: Actor, query: ResourcesApiQuery, *, limit: int = PAGE) -> ResourcePage:
    """Return the entries in use that answer a query, the best answers first."""
    answer, heard = _answer(query.search)
    kind, region, need = query.resource_kind, query.region, query.need
    statement = _resources(actor).where(*_of(kind, region, need), _in_state(None))
    if query.search:
        statement = statement.where(answer > 0)
    rows, next_ = fetch_after(db, statement, (-answer, NAME), col(Resource.id), after=query.after, limit=limit)
    items = tuple(ResourceShown.model_validate(row) for row in rows)
    return ResourcePage(needs_heard=tuple(heard), items=items, next=next_)


def resources_named(db: Session, actor: Actor, words: Sequence[str], *, limit: int) -> list[ResourceShown]:
    """Return the first entries in use, by name, that hold each word; a letter alone finds none."""
    if all(len(word) == 1 for word in words):
        return []
    statement = _resources(actor).where(_in_state(None), *contains_words(col(Resource.search_text), words))
    return [ResourceShown.model_validate(row) for row in db.execute(statement.order_by(NAME).limit(limit))]


def _answer(typed: str) -> tuple[ColumnElement[int], dict[str, int]]:
    """Return how well an entry answers a sentence: its telling words, and the needs that they let hear."""
    words = rules.telling(typed)
    heard = rules.needs_heard(words, default_library().lexicon)
    said = [sa.case((col(Resource.search_text).contains(word, autoescape=True), 1), else_=0) for word in words]
    met = [sa.case((_has(Resource.needs, need), 2 * weight), else_=0) for need, weight in heard.items()]
    return sum([*said, *met], start=sa.literal(0)), heard


def _has(column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped attribute
    return sa.literal(value) == sa.any_(col(column))


def _of(kind: ResourceKind | None, region: str | None, need: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters; what serves all of Quebec serves each region."""
    conditions: list[ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(col(Resource.kind) == kind)
    if region is not None:
        conditions.append(_has(Resource.regions, region) | (sa.func.cardinality(Resource.regions) == 0))
    if need is not None:
        conditions.append(_has(Resource.needs, need))
    return conditions


def _in_state(state: Freshness | None) -> ColumnElement[bool]:
    is_retired = col(Resource.retired_at).is_not(None)
    is_stale = col(Resource.verified_at) < now() - rules.YEAR
    conditions = {
        None: ~is_retired,
        Freshness.FRESH: ~is_retired & ~is_stale,
        Freshness.STALE: ~is_retired & is_stale,
        Freshness.RETIRED: is_retired,
    }
    return conditions[state]


def _resources(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of every entry of the network, as its reader sees it."""
    table = sa.inspect(Resource).local_table
    made = {"college", "is_stale", "may_change"}
    kept_up = scoped(actor.using(P.RESOURCE_MANAGE), college=Resource.college_id)
    return sa.select(
        *(table.c[name] for name in ResourceShown.model_fields if name not in made),
        col(College.name).label("college"),
        (col(Resource.verified_at) < now() - rules.YEAR).label("is_stale"),
        kept_up.label("may_change"),
    ).join(College, col(College.id) == Resource.college_id)


def see_resource(db: Session, actor: Actor, resource_id: int) -> ResourceShown:
    """Return an entry of the network, in use or not; raise ``NotFound``."""
    row = db.execute(_resources(actor).where(col(Resource.id) == resource_id)).one_or_none()
    if row is None:
        raise NotFound
    return ResourceShown.model_validate(row)


def see_kept_resource(db: Session, actor: Actor, resource_id: int) -> KeptResource:
    """Return an entry that the actor's college keeps up; raise ``NotFound`` for any other."""
    kept_up = scoped(actor, college=Resource.college_id)
    row = db.execute(_resources(actor).where(col(Resource.id) == resource_id, kept_up)).one_or_none()
    if row is None:
        raise NotFound
    return KeptResource.model_validate(row)


LATEST = 3
"""How many acts the page of an entry shows; the others are on a page of their own."""

_DONE = (col(ResourceChange.done_at),)


def history(db: Session, resource: KeptResource, *, after: int | None = None, limit: int = PAGE) -> ResourceHistoryPage:
    """Return what was done to an entry, latest first; ``after`` is the ``next`` of the page before."""
    key = col(ResourceChange.id)
    rows, next_ = fetch_after(db, _history(resource), _DONE, key, after=after, limit=limit, descending=True)
    return ResourceHistoryPage(items=tuple(ResourceChangeShown.model_validate(row) for row in rows), next=next_)


def list_history(db: Session, resource: KeptResource, query: ResourceHistoryQuery) -> Page[ResourceChangeShown]:
    """Return a page of what was done to an entry; the search looks at who did it."""
    statement = _history(resource).where(*contains_words(col(Person.search_key), query.words))
    orders: Orders = {ResourceActSort.DATE: _DONE}
    return fetch_page(db, statement, query, orders, col(ResourceChange.id)).map(ResourceChangeShown.model_validate)


def _history(resource: KeptResource) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(ResourceChange.id),
            col(ResourceChange.act),
            col(ResourceChange.before),
            col(ResourceChange.done_at),
            shown_name().label("done_by"),
        )
        .join(Person, col(Person.id) == ResourceChange.done_by)
        .where(col(ResourceChange.resource_id) == resource.id)
    )


# Writing -----------------------------------------------------------------------------------------


def add_resource(db: Session, actor: Actor, college: CollegeShown, content: ResourceContent) -> ResourceShown:
    """Add an entry, verified today, that a college keeps up.

    Raises ``Conflict("college_closed")``, ``Invalid`` for what an entry cannot say.
    """
    require_open(db, college.id)
    row = Resource(
        college_id=college.id, version=1, verified_at=now(), verified_by=actor.person_id, **_columns(content)
    )
    db.add(row)
    db.flush()
    _record(db, actor, row, ResourceAct.ADDED)
    return see_resource(db, actor, row.id)


def change_resource(
    db: Session, actor: Actor, resource: KeptResource, content: ResourceContent, *, version: int
) -> ResourceShown:
    """Change what an entry says; its former words stay in its history.

    ``version`` is the one that was read: raises ``Stale`` for another one, ``Invalid`` for what it cannot say.
    """
    row = lock(db, resource.id)
    _require_read(row, version)
    write(db, actor, row, content)
    return see_resource(db, actor, resource.id)


def verify_resource(db: Session, actor: Actor, resource: KeptResource, *, version: int) -> ResourceShown:
    """Record that someone has verified all that an entry says, today, in the version that they read.

    Raises ``Stale`` for another version, ``Conflict("resource_retired")``.
    """
    row = lock(db, resource.id)
    _require_read(row, version)
    require_in_use(row)
    row.verified_at, row.verified_by = now(), actor.person_id
    db.add(row)
    _record(db, actor, row, ResourceAct.VERIFIED)
    return see_resource(db, actor, row.id)


def retire_resource(db: Session, actor: Actor, resource: KeptResource) -> ResourceShown:
    """Take an entry out of use. Raises ``Conflict("resource_retired")``."""
    retire(db, actor, lock(db, resource.id))
    return see_resource(db, actor, resource.id)


def return_resource(db: Session, actor: Actor, resource: KeptResource) -> ResourceShown:
    """Take an entry back into use. Raises ``Conflict("resource_not_retired")``."""
    row = lock(db, resource.id)
    if row.retired_at is None:
        raise Conflict("resource_not_retired")
    row.retired_at = None
    db.add(row)
    _record(db, actor, row, ResourceAct.RETURNED)
    return see_resource(db, actor, row.id)


def lock(db: Session, resource_id: int) -> Resource:
    """Return the row of an entry, locked against other changes."""
    return db.get_one(Resource, resource_id, with_for_update={"key_share": True}, populate_existing=True)


def _require_read(row: Resource, version: int) -> None:
    """Raise ``Stale`` when an entry is no longer what was read."""
    if version != row.version:
        raise Stale(None, Reason("resource_stale", field="version"))


def require_in_use(row: Resource) -> None:
    """Raise ``Conflict("resource_retired")`` for an entry that is out of use."""
    if row.retired_at is not None:
        raise Conflict("resource_retired")


def write(db: Session, actor: Actor, row: Resource, content: ResourceContent) -> None:
    """Give an entry new words, and keep the former ones in its history; nothing where none differs."""
    columns = _columns(content)
    before = rules.former_values({name: getattr(row, name) for name in ResourceContent.model_fields}, columns)
    if not before:
        return
    for name, value in columns.items():
        setattr(row, name, value)
    db.add(row)
    _record(db, actor, row, ResourceAct.CHANGED, before)


def retire(db: Session, actor: Actor, row: Resource) -> None:
    """Take an entry out of use; raise ``Conflict("resource_retired")`` where it is already."""
    require_in_use(row)
    row.retired_at = now()
    db.add(row)
    _record(db, actor, row, ResourceAct.RETIRED)


def content_of(row: Resource) -> ResourceContent:
    """Return what an entry says."""
    return ResourceContent.model_validate({name: getattr(row, name) for name in ResourceContent.model_fields})


def _columns(content: ResourceContent) -> Mapping[str, Any]:
    """Return the columns of an entry; raise ``Invalid`` for what it cannot say."""
    refuse_unless(*rules.resource_reasons(content, default_library().lexicon, today()), code="invalid")
    return {
        **content.model_dump(),
        "regions": sorted(set(content.regions)),
        "needs": sorted(set(content.needs)),
        "search_key": search_key(content.name)[:SEARCH_KEY],
        "search_text": rules.searched_text(content),
    }


def _record(
    db: Session, actor: Actor, row: Resource, act: ResourceAct, before: Mapping[str, Any] | None = None
) -> None:
    plain = {name: str(value) if name == "consulted_on" and value else value for name, value in (before or {}).items()}
    change = ResourceChange(
        college_id=row.college_id, resource_id=row.id, act=act, before=plain, done_at=now(), done_by=actor.person_id
    )
    if act is not ResourceAct.ADDED:
        row.version += 1
        db.add(row)
    db.add(change)
    db.flush()
