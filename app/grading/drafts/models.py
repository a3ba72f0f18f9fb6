"""Tables of drafts: that one exists, which its college may know, and what it says, which is its author's."""

from datetime import datetime

from sqlalchemy import ARRAY, Column, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class JudgementDraft(Row, table=True):
    """A judgement being written: by whom, of which competency of whom, read from which work.

    One per assessor and form: of a competency, from one piece of evidence or none, in place of a judgement or of none.
    """

    __tablename__ = "judgement_draft"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("hand_in_id", "hand_in"),
        ("mandate_id", "mandate"),
        ("session_id", "scheduled_session"),
        ("supersedes_id", "judgement"),
        extra=(
            UniqueConstraint(
                "enrolment_id",
                "competency_code",
                "assessor_id",
                "hand_in_id",
                "mandate_id",
                "session_id",
                "supersedes_id",
                name="uq_judgement_draft_form",
                postgresql_nulls_not_distinct=True,
            ),
            check("one_work", "num_nonnulls(hand_in_id, mandate_id, session_id) <= 1"),
            check("version", "version > 0"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int
    competency_code: str = Field(max_length=20)
    assessor_id: int = Field(foreign_key="person.id", index=True)
    hand_in_id: int | None = Field(default=None, index=True)
    mandate_id: int | None = Field(default=None, index=True)
    session_id: int | None = Field(default=None, index=True)
    supersedes_id: int | None = Field(default=None, index=True)
    version: int
    begun_at: datetime = moment()
    changed_at: datetime = moment()


class JudgementDraftText(Row, table=True):
    """What a draft says; row-level security shows it to its author alone."""

    __tablename__ = "judgement_draft_text"
    __table_args__ = owned(
        ("draft_id", "judgement_draft"),
        extra=(UniqueConstraint("draft_id"), check("level", "level between 1 and 4")),
    )

    college_id: int = Field(index=True)
    draft_id: int
    assessor_id: int = Field(foreign_key="person.id", index=True)
    level: int | None = None
    criteria_met: list[str] = Field(sa_column=Column(ARRAY(String(20)), nullable=False))
    criteria_levels: dict[str, int] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    criteria_feedback: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    evidence: list[str] = Field(sa_column=Column(ARRAY(String(30)), nullable=False))
    activity_code: str | None = Field(default=None, max_length=20)
    comment: str = Field(default="", max_length=4000)
    reason: str = Field(default="", max_length=1000)
