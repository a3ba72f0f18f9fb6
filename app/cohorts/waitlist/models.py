"""Tables of the waitlist: the seats offered, and who comes first for a reason."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.cohorts.waitlist.enums import OfferAnswer
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class SeatOffer(Row, table=True):
    """A seat offered to someone who waited, from its offer to its answer; ``answered_by`` is ``None`` if it expired."""

    __tablename__ = "seat_offer"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            Index("uq_seat_offer_one_open", "enrolment_id", unique=True, postgresql_where=text("answered_at is null")),
            Index("ix_seat_offer_overdue", "expires_at", postgresql_where=text("answered_at is null")),
            check("answered", "(answered_at is null) = (answer is null)"),
            check("period", "expires_at > offered_at"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    offered_at: datetime = moment()
    expires_at: datetime = moment()
    answered_at: datetime | None = moment_or_none()
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    answer: OfferAnswer | None = Field(default=None, sa_type=by_value(OfferAnswer), nullable=True)


class WaitlistPriority(Row, table=True):
    """A coordinator's decision, with its reason, that someone comes first on the waitlist, or no longer does.

    Append-only: the last one since the application counts.
    """

    __tablename__ = "waitlist_priority"
    __table_args__ = owned(("enrolment_id", "enrolment"))

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    is_first: bool
    reason: str = Field(max_length=1000)
    decided_at: datetime = moment()
    decided_by: int = Field(foreign_key="person.id")
