"""Tables of announced entrances and of the concerns of members. No free text (BR-11)."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.codev.entrances.enums import Outcome
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class CodevEntrance(Row, table=True):
    """Someone who is to enter a group that has begun, on a day; ``ended_by`` is ``None`` when the day did it."""

    __tablename__ = "codev_entrance"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        ("enrolment_id", "enrolment"),
        extra=(
            Index(
                "uq_codev_entrance_open",
                "enrolment_id",
                unique=True,
                postgresql_where=text("ended_at is null"),
                info=refused_as("in_another_group", "enrolment_id"),
            ),
            check("ended", "(ended_at is null) = (outcome is null)"),
        ),
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    enters_on: date
    announced_at: datetime = moment()
    announced_by: int = Field(foreign_key="person.id")
    ended_at: datetime | None = moment_or_none()
    ended_by: int | None = Field(default=None, foreign_key="person.id")
    outcome: Outcome | None = Field(default=None, sa_type=by_value(Outcome), nullable=True)


class CodevConcern(Row, table=True):
    """A member whom an announced entrance concerns, or no longer does: for the facilitator alone, with no reason."""

    __tablename__ = "codev_concern"
    __table_args__ = owned(
        ("entrance_id", "codev_entrance"),
        ("membership_id", "codev_membership"),
        extra=(UniqueConstraint("entrance_id", "membership_id"),),
    )

    college_id: int = Field(index=True)
    entrance_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    is_concerned: bool
    told_at: datetime = moment()
