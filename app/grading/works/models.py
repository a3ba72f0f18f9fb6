"""Table of the decisions on works that give no level. Append-only."""

from datetime import datetime

from sqlalchemy import Column, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.grading.works.enums import WorkDecisionKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class WorkDecision(Row, table=True):
    """A work returned to be redone, or a competency of it that need not be judged, with the reason.

    The work is a hand-in, a mandate or a session, as it was at ``received_at``: a mandate of which a milestone was
    confirmed again since is judged anew.
    Without a competency it is about all those that were left to judge. ``criteria`` are the texts on single criteria,
    by code. It takes what it is about out of the queue; a judgement may still follow.
    """

    __tablename__ = "work_decision"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("hand_in_id", "hand_in"),
        ("mandate_id", "mandate"),
        ("session_id", "scheduled_session"),
        extra=(
            UniqueConstraint(
                "enrolment_id",
                "hand_in_id",
                "mandate_id",
                "session_id",
                "received_at",
                "competency_code",
                name="uq_work_decision_about",
                postgresql_nulls_not_distinct=True,
            ),
            check("exactly_one", "num_nonnulls(hand_in_id, mandate_id, session_id) = 1"),
            check("with_text", "text <> '' or criteria <> '{}'::jsonb"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int
    hand_in_id: int | None = None
    mandate_id: int | None = None
    session_id: int | None = None
    received_at: datetime = moment()
    competency_code: str | None = Field(default=None, max_length=20)
    kind: WorkDecisionKind = Field(sa_type=by_value(WorkDecisionKind))
    text: str = Field(default="", max_length=4000)
    criteria: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False, server_default="{}"))
    decided_at: datetime = moment()
    decided_by: int = Field(foreign_key="person.id")
