"""The tables of holds (BR-19): opened, then lifted, each once; neither is ever changed."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.holds.enums import HoldKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, moment, owned


class Hold(Row, table=True):
    """A hold on the certificates of a person in a college: those of one enrolment, or all of them without any."""

    __table_args__ = owned(("enrolment_id", "enrolment"))

    college_id: int = Field(foreign_key="college.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    enrolment_id: int | None = Field(default=None, index=True)
    kind: HoldKind = Field(sa_type=by_value(HoldKind))
    reason: str = Field(max_length=1000)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")


class HoldLift(Row, table=True):
    """The end of a hold, with who lifted it and why."""

    __tablename__ = "hold_lift"
    __table_args__ = owned(("hold_id", "hold"), extra=(UniqueConstraint("hold_id"),))

    college_id: int = Field(index=True)
    hold_id: int
    reason: str = Field(max_length=1000)
    lifted_at: datetime = moment()
    lifted_by: int = Field(foreign_key="person.id")
