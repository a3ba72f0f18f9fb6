"""Who signs a college's certificates, and when."""

from datetime import date

from sqlmodel import col, or_, select

from app.certificates.branding.models import Signatory
from app.certificates.branding.schemas import NewSignatory, SignatoryShown
from app.certificates.schemas import PrintedSignatory
from app.network.schemas import CollegeShown
from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason

MOST = 4
"""Signatories on one document."""


def add_signatory(db: Session, college: CollegeShown, command: NewSignatory) -> SignatoryShown:
    """Someone who signs from now on, or between two dates; what they have signed stays as it is."""
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Invalid("invalid", Reason("ends_before_start", field="valid_to"))
    row = Signatory(college_id=college.id, **command.model_dump())
    db.add(row)
    db.flush()
    return SignatoryShown.model_validate(row)


def signatories(db: Session, college: CollegeShown) -> tuple[SignatoryShown, ...]:
    """All of them, past and to come, in order of print."""
    rows = db.exec(
        select(Signatory).where(Signatory.college_id == college.id).order_by(col(Signatory.position), col(Signatory.id))
    )
    return tuple(SignatoryShown.model_validate(row) for row in rows)


def signing_on(db: Session, college_id: int, day: date) -> tuple[PrintedSignatory, ...]:
    """Who signs on a day, as printed: in order, four at most."""
    active = (
        select(Signatory)
        .where(
            Signatory.college_id == college_id,
            col(Signatory.valid_from) <= day,
            or_(col(Signatory.valid_to).is_(None), col(Signatory.valid_to) >= day),
        )
        .order_by(col(Signatory.position), col(Signatory.id))
        .limit(MOST)
    )
    return tuple(PrintedSignatory.model_validate(row) for row in db.exec(active))
