"""The table of corrections proposed."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.resources.corrections.enums import CorrectionAbout, CorrectionState


class Correction(Row, table=True):
    """A correction that someone proposes to an entry; it belongs to the college that keeps the entry up.

    ``value`` is what a field should say, or the name of the entry that this one repeats.
    """

    __tablename__ = "resource_correction"
    __table_args__ = owned(
        ("resource_id", "resource"),
        extra=(
            check("value", "(about = 'closed') = (value is null)"),
            check(
                "decided", "(state = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)"
            ),
            check("answer", "state <> 'refused' or answer is not null"),
        ),
    )

    college_id: int = Field(index=True)
    resource_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    about: CorrectionAbout = Field(sa_type=by_value(CorrectionAbout))
    value: str | None = Field(default=None, max_length=600)
    because: str = Field(max_length=300)
    proposed_at: datetime = moment()
    state: CorrectionState = Field(default=CorrectionState.WAITING, sa_type=by_value(CorrectionState))
    answer: str | None = Field(default=None, max_length=500)
    decided_at: datetime | None = moment_or_none()
    decided_by: int | None = Field(default=None, foreign_key="person.id")
