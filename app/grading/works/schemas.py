"""Commands and read models of works. Moments are UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.grading.schemas import CRITERIA_MAX, Comment, CriterionText, EvidenceRef, TypedCode
from app.grading.works.enums import CompetencyState, WorkDecisionKind, WorkState
from app.platform.schema import Command, Read


class WorkDecisionCommand(Command):
    """A decision on a work that gives no level: to redo, with what is missing, or not to judge, with the reason."""

    kind: WorkDecisionKind
    competency_code: TypedCode | None = Field(
        default=None, description="the one competency that it is about; all those left to judge when left out"
    )
    text: Comment = None
    criteria: Annotated[tuple[CriterionText, ...], Field(max_length=CRITERIA_MAX)] = Field(
        default=(), description="what is missing by criterion, in place of one text or beside it"
    )


class WorkDecisionShown(Read):
    """A decision on a work, as it was made."""

    id: int
    evidence: EvidenceRef
    competency_code: str | None
    kind: WorkDecisionKind
    text: str
    criteria: tuple[CriterionText, ...]
    decided_at: datetime
    decided_by: str


class WorkCompetency(Read):
    """A competency that a work assesses, and how far it is."""

    competency_code: str
    state: CompetencyState


class WorkShown(Read):
    """A work that is judged: its state and what was decided on it."""

    evidence: EvidenceRef
    enrolment_id: int
    activity_code: str | None = Field(description="null for a mandate")
    title: str = Field(description="of the activity, or of the mandate with its enterprise")
    attempt: int | None = Field(description="of a hand-in")
    received_at: datetime
    state: WorkState
    competencies: tuple[WorkCompetency, ...]
    decisions: tuple[WorkDecisionShown, ...]

    @property
    def left(self) -> tuple[str, ...]:
        """The competencies still to judge."""
        return tuple(c.competency_code for c in self.competencies if c.state is CompetencyState.WAITING)
