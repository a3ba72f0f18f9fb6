"""Competency judgements: a level awarded by a person on evidence (BR-12). Append-only."""

from datetime import datetime

from sqlalchemy import ARRAY, Column, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class Judgement(Row, table=True):
    """A validated level of one competency for one enrolment; changed only by a judgement that supersedes it."""

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "judgement"),
        extra=(
            UniqueConstraint("supersedes_id"),
            check("level", "level between 1 and 4"),
            check("superseding_with_reason", "supersedes_id is null or reason is not null"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    competency_code: str = Field(max_length=20)
    activity_code: str | None = Field(default=None, max_length=20)
    level: int
    criteria_met: list[str] = Field(sa_column=Column(ARRAY(String(20)), nullable=False))
    criteria_levels: dict[str, int] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    criteria_feedback: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    comment: str = Field(default="", max_length=4000)
    validated_at: datetime = moment()
    assessor_id: int = Field(foreign_key="person.id", index=True)
    supersedes_id: int | None = None
    reason: str | None = Field(default=None, max_length=1000)


class JudgementEvidence(Row, table=True):
    """One piece of a judgement's evidence: a hand-in, a mandate or a session, exactly one of the three."""

    __tablename__ = "judgement_evidence"
    __table_args__ = owned(
        ("judgement_id", "judgement"),
        ("hand_in_id", "hand_in"),
        ("mandate_id", "mandate"),
        ("session_id", "scheduled_session"),
        extra=(
            check("exactly_one", "num_nonnulls(hand_in_id, mandate_id, session_id) = 1"),
            Index("ix_judgement_evidence_hand_in_id", "hand_in_id", postgresql_where=text("hand_in_id is not null")),
            Index("ix_judgement_evidence_mandate_id", "mandate_id", postgresql_where=text("mandate_id is not null")),
            Index("ix_judgement_evidence_session_id", "session_id", postgresql_where=text("session_id is not null")),
        ),
    )

    college_id: int = Field(index=True)
    judgement_id: int = Field(index=True)
    hand_in_id: int | None = None
    mandate_id: int | None = None
    session_id: int | None = None
