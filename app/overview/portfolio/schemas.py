"""What a portfolio says: each competency with its thresholds, its judgements in order and what nobody judged yet."""

from datetime import date, datetime

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.grading.enums import EvidenceKind
from app.grading.panels.enums import Basis, PanelKind
from app.grading.schemas import CriterionLevel, CriterionText
from app.grading.works.enums import WorkDecisionKind
from app.platform.schema import Read


class PortfolioPath(Read):
    """A path that the person follows or followed."""

    enrolment_id: int
    path: str
    cohort: str
    college: str
    state: EnrolmentState


class Piece(Read):
    """A piece of evidence: a hand-in, a mandate or a session."""

    enrolment_id: int
    kind: EvidenceKind
    id: int
    on: date | None
    title: str = Field(description="of its activity, or of the mandate with its enterprise; its id once it is gone")
    activity_code: str | None
    attempt: int | None
    body: str | None = Field(description="the text handed in")
    link: str | None
    minutes: int | None = Field(description="present at a session; of the person's hours accepted under a mandate")
    file: str | None = Field(description="where its file stands in the ZIP; null where it has none")
    file_size: int | None
    in_zip: bool = Field(description="whether the ZIP holds its file: it holds so many megabytes at most")


class PortfolioJudgement(Read):
    """A judgement, in force or replaced, with what it rests on."""

    id: int
    enrolment_id: int
    level: int
    on: date
    assessor: str
    criteria_met: tuple[str, ...]
    criteria_levels: tuple[CriterionLevel, ...]
    criteria_feedback: tuple[CriterionText, ...]
    comment: str
    reason: str | None = Field(description="why it replaces another one")
    is_current: bool
    replaces: int | None
    pieces: tuple[Piece, ...]


class PortfolioDecision(Read):
    """A work that was returned to be redone, or closed without a level, for this competency or for all it shows."""

    id: int
    enrolment_id: int
    kind: WorkDecisionKind
    on: date
    decided_by: str
    text: str
    criteria: tuple[CriterionText, ...]
    piece: Piece


class PortfolioPanel(Read):
    """A competency that several people judged, or a judgement that was reviewed; open, it has no level and no names."""

    id: int
    enrolment_id: int
    kind: PanelKind
    opened_on: date
    assessors: tuple[str, ...]
    level: int | None
    basis: Basis | None
    decided_on: date | None


class PathLevel(Read):
    """The level in force and the threshold of a competency in a path."""

    enrolment_id: int
    path: str
    level: int | None
    threshold: int | None


class PortfolioCompetency(Read):
    """A competency over all the paths of the person."""

    code: str
    title: str
    levels: tuple[PathLevel, ...]
    judgements: tuple[PortfolioJudgement, ...] = Field(description="the first one first")
    decisions: tuple[PortfolioDecision, ...] = Field(description="works returned or closed, the first one first")
    panels: tuple[PortfolioPanel, ...] = Field(description="reviews and judgements by several, the first one first")
    unjudged: tuple[Piece, ...] = Field(description="what may show it and no judgement in force rests on")


class Portfolio(Read):
    """The evidence of a person by competency, over the paths within the reader's reach."""

    person_id: int
    name: str
    made_at: datetime
    paths: tuple[PortfolioPath, ...]
    competencies: tuple[PortfolioCompetency, ...]
    left_out: int = Field(description="files that the ZIP does not hold, as it would be too large")
