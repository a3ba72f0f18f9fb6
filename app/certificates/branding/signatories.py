"""The signatories of a college's certificates, and the days on which they sign."""

from datetime import date

from sqlmodel import col, or_, select

from app.certificates.branding.models import Signatory
from app.certificates.branding.schemas import NewSignatory, SignatoryShown
from app.certificates.schemas import PrintedSignatory
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason

MAX_SIGNATORIES = 4
"""The most signatories on one document."""


def add_signatory(db: Session, college: CollegeShown, command: NewSignatory) -> SignatoryShown:
    """Add a signatory from a day on, or between two days; issued certificates do not change.

    Raises ``Invalid`` when it ends before it begins, ``Conflict("signatory_exists")``.
    """
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Invalid("invalid", Reason("ends_before_start", field="valid_to"))
    same = select(Signatory.id).where(
        Signatory.college_id == college.id,
        Signatory.name == command.name,
        Signatory.title == command.title,
        Signatory.valid_from == command.valid_from,
    )
    if db.exec(same).first() is not None:
        raise Conflict("signatory_exists", Reason("signatory_exists", field="name"))
    row = Signatory(college_id=college.id, **command.model_dump())
    db.add(row)
    db.flush()
    return SignatoryShown.model_validate(row)


def list_signatories(db: Session, college: CollegeShown) -> tuple[SignatoryShown, ...]:
    """Return the college's signatories, past and future ones included, in order of print."""
    rows = db.exec(
        select(Signatory).where(Signatory.college_id == college.id).order_by(col(Signatory.position), col(Signatory.id))
    )
    return tuple(SignatoryShown.model_validate(row) for row in rows)


def signatories_on(db: Session, college_id: int, day: date) -> tuple[PrintedSignatory, ...]:
    """Return the signatories of a day, in order of print, four at most."""
    active = (
        select(Signatory)
        .where(
            Signatory.college_id == college_id,
            col(Signatory.valid_from) <= day,
            or_(col(Signatory.valid_to).is_(None), col(Signatory.valid_to) >= day),
        )
        .order_by(col(Signatory.position), col(Signatory.id))
        .limit(MAX_SIGNATORIES)
    )
    return tuple(PrintedSignatory.model_validate(row) for row in db.exec(active))
