"""The tables of panels (BR-12, S5): each row is written once and never changed."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Column, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.grading.panels.enums import Basis, PanelKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class Panel(Row, table=True):
    """One competency of one enrolment to judge together, or the judgement of it that the person contests.

    ``evidence`` are the pieces of a double assessment, as ``kind:id``; a contested judgement has its own.
    ``hold_id`` is the hold that lasts until the decision (BR-19).
    """

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("judgement_id", "judgement"),
        ("hold_id", "hold"),
        extra=(
            check("contested", "(kind = 'double') = (judgement_id is null)"),
            check("held", "(kind = 'double') = (hold_id is null)"),
            check("motive", "(kind = 'review' or kind = 'committee') = (motive is not null)"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    competency_code: str = Field(max_length=20)
    kind: PanelKind = Field(sa_type=by_value(PanelKind))
    judgement_id: int | None = Field(default=None, index=True)
    hold_id: int | None = None
    evidence: list[str] = Field(sa_column=Column(ARRAY(String(30)), nullable=False))
    motive: str | None = Field(default=None, max_length=2000)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
    due_on: date = Field(index=True)


class PanelSeat(Row, table=True):
    """An assessor of a panel; the third one of a double assessment decides where two differ.

    A later row supersedes that of somebody who may no longer judge and whose level the panel waits for, also where
    they gave one before they declared an interest: it counts no more.
    """

    __tablename__ = "panel_seat"
    __table_args__ = owned(
        ("panel_id", "panel"),
        ("supersedes_id", "panel_seat"),
        extra=(UniqueConstraint("panel_id", "assessor_id"), UniqueConstraint("supersedes_id")),
    )

    college_id: int = Field(index=True)
    panel_id: int
    assessor_id: int = Field(foreign_key="person.id", index=True)
    named_at: datetime = moment()
    named_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None


class PanelOpinion(Row, table=True):
    """The level that an assessor gives on their own, in one round; where they differ, they confer and speak again."""

    __tablename__ = "panel_opinion"
    __table_args__ = owned(
        ("panel_id", "panel"),
        extra=(
            UniqueConstraint("panel_id", "assessor_id", "round"),
            check("level", "level between 1 and 4"),
            check("round", "round > 0"),
        ),
    )

    college_id: int = Field(index=True)
    panel_id: int
    assessor_id: int = Field(foreign_key="person.id", index=True)
    round: int
    level: int
    criteria_met: list[str] = Field(sa_column=Column(ARRAY(String(20)), nullable=False))
    criteria_levels: dict[str, int] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    reasons: str = Field(max_length=1000)
    recorded_at: datetime = moment()


class PanelDecision(Row, table=True):
    """What a panel decided, and the judgement that says it: a new one, or the contested one, which is maintained."""

    __tablename__ = "panel_decision"
    __table_args__ = owned(
        ("panel_id", "panel"),
        ("judgement_id", "judgement"),
        extra=(UniqueConstraint("panel_id"), check("level", "level between 1 and 4")),
    )

    college_id: int = Field(index=True)
    panel_id: int
    level: int
    basis: Basis = Field(sa_type=by_value(Basis))
    judgement_id: int
    decided_at: datetime = moment()
