"""Changing a college, closing it and opening it again; the list of colleges."""

from sqlmodel import select

from app.network.colleges.enums import CollegeSort, Openness
from app.network.colleges.rules import zone_reasons
from app.network.colleges.schemas import CloseCollege, CollegeChange, CollegeDetails, CollegesQuery
from app.network.models import College, Region
from app.network.schemas import CollegeShown
from app.network.service import colleges
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.paging import Page, page_of
from app.platform.search import search_key

ORDERS = {
    CollegeSort.NAME: lambda c: search_key(c.name),
    CollegeSort.CITY: lambda c: search_key(c.city),
    CollegeSort.REGION: lambda c: c.region_code,
}


def list_colleges(db: Session, query: CollegesQuery) -> Page[CollegeShown]:
    """Return a page of the colleges; the search looks into their names and cities."""
    rows = [c for c in colleges(db) if query.region in {None, c.region_code}]
    if query.etat is not None:
        rows = [c for c in rows if (c.closed_at is not None) == (query.etat is Openness.CLOSED)]
    return page_of(rows, query, orders=ORDERS, text=lambda c: f"{c.name} {c.city}")


def college_details(db: Session, college: CollegeShown) -> CollegeDetails:
    """Return a college with what its administrator sees."""
    return CollegeDetails.model_validate(db.get_one(College, college.id))


def change_college(db: Session, college: CollegeShown, command: CollegeChange) -> CollegeDetails:
    """Change a college; documents that were issued keep what they say.

    Raises ``Invalid`` for an unknown time zone or region.
    """
    refuse_unless(*zone_reasons(command.timezone), code="invalid")
    if db.get(Region, command.region_code) is None:
        raise Invalid("invalid", Reason("unknown_region", field="region_code"))
    row = _lock(db, college)
    for name, value in command.model_dump(exclude={"authorised_kinds"}, exclude_none=True).items():
        setattr(row, name, value)
    row.authorised_kinds = [kind.value for kind in command.authorised_kinds]
    db.add(row)
    db.flush()
    return CollegeDetails.model_validate(row)


def close_college(db: Session, college: CollegeShown, command: CloseCollege) -> CollegeDetails:
    """Close a college: it begins nothing new, and ends what it began. Raises ``Conflict("college_closed")``."""
    row = _lock(db, college)
    if row.closed_at is not None:
        raise Conflict("college_closed")
    row.closed_at, row.closed_reason = now(), command.reason
    db.add(row)
    db.flush()
    return CollegeDetails.model_validate(row)


def reopen_college(db: Session, college: CollegeShown) -> CollegeDetails:
    """Open a closed college again, as it was. Raises ``Conflict("college_not_closed")``."""
    row = _lock(db, college)
    if row.closed_at is None:
        raise Conflict("college_not_closed")
    row.closed_at = row.closed_reason = None
    db.add(row)
    db.flush()
    return CollegeDetails.model_validate(row)


def require_open(db: Session, college_id: int) -> None:
    """Raise ``Conflict("college_closed")`` when a college begins nothing new, as :func:`is_open` reads it."""
    if not is_open(db, college_id):
        raise Conflict("college_closed", Reason("college_closed"))


def is_open(db: Session, college_id: int) -> bool:
    """Return whether a college begins something new.

    Read as it stands now and locked against its closing, so that nothing begins in a college that has just closed.
    """
    statement = select(College.closed_at).where(College.id == college_id).with_for_update(read=True)
    return db.exec(statement).one() is None


def _lock(db: Session, college: CollegeShown) -> College:
    return db.get_one(College, college.id, with_for_update={"key_share": True}, populate_existing=True)
