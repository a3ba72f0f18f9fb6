"""Who signs a college's certificates, and when."""

from datetime import date

from sqlmodel import col, or_, select

from app.certificates.models import Signatory
from app.certificates.schemas import NewSignatory, PrintedSignatory, SignatoryShown
from app.db import Session
from app.errors import Invalid, Reason
from app.network.schemas import CollegeShown

MOST = 4
"""Signatories on one document."""


def add_signatory(session: Session, college: CollegeShown, command: NewSignatory) -> SignatoryShown:
    """Someone who signs from now on, or between two dates; what they have signed stays as it is."""
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Invalid("invalid", Reason("ends_before_start", field="valid_to"))
    row = Signatory(college_id=college.id, **command.model_dump())
    session.add(row)
    session.flush()
    return SignatoryShown.model_validate(row)


def signatories(session: Session, college: CollegeShown) -> tuple[SignatoryShown, ...]:
    """All of them, past and to come, in order of print."""
    rows = session.exec(
        select(Signatory).where(Signatory.college_id == college.id).order_by(col(Signatory.position), col(Signatory.id))
    )
    return tuple(SignatoryShown.model_validate(row) for row in rows)


def signing_on(session: Session, college_id: int, day: date) -> tuple[PrintedSignatory, ...]:
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
    return tuple(PrintedSignatory.model_validate(row) for row in session.exec(active))
