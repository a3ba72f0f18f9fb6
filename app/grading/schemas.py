"""Commands and read models of judgements, their evidence and the trainer's queue. Moments are UTC."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints

from app.curricula.schemas import LevelNumber
from app.grading.enums import EvidenceKind
from app.platform.paging import LARGEST_ID, ListQuery
from app.platform.schema import BlankIsNone, Code, Command, Prose, Read

TypedCode = Annotated[Code, StringConstraints(min_length=1, max_length=20)]
Comment = Annotated[Annotated[Prose, StringConstraints(max_length=4000)] | None, BlankIsNone]
JudgeReason = Annotated[Annotated[Prose, StringConstraints(max_length=1000)] | None, BlankIsNone]
EVIDENCE_MAX = 30
CRITERIA_MAX = 20


class EvidenceRef(Command):
    """A hand-in, a mandate or an attended session, by its id."""

    kind: EvidenceKind
    id: int

    @property
    def key(self) -> str:
        """Return it as one text, e.g. ``hand_in:12``."""
        return f"{self.kind.value}:{self.id}"


KINDS = (EvidenceKind.HAND_IN, EvidenceKind.MANDATE, EvidenceKind.SESSION)
"""The kinds of evidence, in the order of the three columns that name a piece, of which one is filled in."""


def refs_of_ids(ids: Iterable[int | None]) -> list[EvidenceRef]:
    """Return the evidence that the three columns of a row name."""
    return [EvidenceRef(kind=kind, id=id_) for kind, id_ in zip(KINDS, ids, strict=True) if id_ is not None]


EvidenceKey = Annotated[str, StringConstraints(pattern=r"^(hand_in|mandate|session):[0-9]{1,9}$")]


def refs_of(keys: Iterable[str]) -> tuple[EvidenceRef, ...]:
    """Return the evidence that keys name."""
    pairs = (key.split(":") for key in keys)
    return tuple(EvidenceRef(kind=EvidenceKind(kind), id=int(id_)) for kind, id_ in pairs)


WorkName = Annotated[str, StringConstraints(pattern=r"^((hand_in|mandate|session):)?[0-9]{1,9}$")]
"""A work as an address names it: ``mandate:12``, or the id alone of a hand-in."""


def work_of_name(name: str | None) -> EvidenceRef | None:
    """Return the work that an address names."""
    if name is None:
        return None
    kind, _, id_ = name.rpartition(":")
    return EvidenceRef(kind=EvidenceKind(kind or EvidenceKind.HAND_IN.value), id=int(id_))


def name_of_work(work: EvidenceRef) -> str:
    """Return how addresses name a work."""
    return str(work.id) if work.kind is EvidenceKind.HAND_IN else work.key


CriterionFeedback = Annotated[Annotated[Prose, StringConstraints(max_length=1000)] | None, BlankIsNone]
Cell = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9.-]{0,19}:[1-4]$")]
"""A cell of a grid as a form sends it, e.g. ``CN-01.C2:3``: the criterion and the level."""


class CriterionText(Command):
    """A text on one criterion of a competency."""

    criterion: TypedCode
    text: Annotated[Prose, StringConstraints(max_length=1000)]


class CriterionLevel(Command):
    """A cell of a criterion × level grid: the highest level at which a criterion was seen."""

    criterion: TypedCode
    level: LevelNumber


def _by_criterion(value: object, name: str) -> object:
    """Return what a row keeps by the code of a criterion as a list, in the order of the codes."""
    if not isinstance(value, Mapping):
        return value
    return tuple({"criterion": code, name: kept} for code, kept in sorted(value.items()))


CriteriaLevels = Annotated[tuple[CriterionLevel, ...], BeforeValidator(partial(_by_criterion, name="level"))]
CriteriaTexts = Annotated[tuple[CriterionText, ...], BeforeValidator(partial(_by_criterion, name="text"))]
"""What is kept of single criteria, read from a row as well."""


class JudgeCommand(Command):
    """A level awarded on evidence (BR-12); to correct or review one, name it in ``supersedes`` and say why."""

    competency_code: TypedCode = Field(description="competency of the enrolment's framework, e.g. CN-01")
    level: LevelNumber = Field(description="1 to 4; from 3 on, every criterion of the competency is met")
    criteria_met: Annotated[tuple[Code, ...], Field(max_length=CRITERIA_MAX)] = Field(
        default=(), description="at least one; together they propose a level, which a comment explains not to follow"
    )
    criteria_levels: Annotated[tuple[CriterionLevel, ...], Field(max_length=CRITERIA_MAX)] = Field(
        default=(),
        description="where the framework has a grid, in place of `criteria_met`: each criterion at its level or above",
    )
    criteria_feedback: Annotated[tuple[CriterionText, ...], Field(max_length=CRITERIA_MAX)] = Field(
        default=(), description="a short text on single criteria, which the person reads"
    )
    evidence: Annotated[tuple[EvidenceRef, ...], Field(max_length=EVIDENCE_MAX)] = Field(
        default=(), description="at least one, all of this enrolment and of what assesses the competency"
    )
    activity_code: TypedCode | None = Field(
        default=None, description="activity of the path that was judged, if one was; its module assesses the competency"
    )
    comment: Comment = None
    supersedes: int | None = Field(default=None, description="the judgement that this one replaces")
    reason: JudgeReason = None


class JudgementShown(Read):
    """A judgement as it was made; ``superseded_by`` names the one in force instead, when there is one."""

    id: int
    enrolment_id: int
    competency_code: str
    activity_code: str | None
    level: int
    criteria_met: tuple[str, ...]
    criteria_levels: CriteriaLevels
    criteria_feedback: CriteriaTexts
    comment: str
    validated_at: datetime
    assessor_id: int
    assessor: str
    supersedes_id: int | None
    reason: str | None
    superseded_by: int | None
    evidence: tuple[EvidenceRef, ...]

    @property
    def is_current(self) -> bool:
        """Whether no other judgement supersedes it."""
        return self.superseded_by is None


class EvidenceShown(Read):
    """A hand-in, mandate or session of an enrolment that a judgement may rest on."""

    kind: EvidenceKind
    id: int
    on: date
    activity_code: str | None = None
    title: str | None = Field(default=None, description="of a mandate, with its enterprise")
    attempt: int | None = None
    body: str | None = None
    link: str | None = None
    file_name: str | None = None
    file_type: str | None = None
    minutes: int | None = Field(default=None, description="present at a session; of hours accepted under a mandate")
    author: str | None = Field(
        default=None, description="of a trace that a team mate deposited; null for one's own work"
    )

    @property
    def ref(self) -> EvidenceRef:
        """Return the reference by which commands name it."""
        return EvidenceRef(kind=self.kind, id=self.id)


class QueueItem(Read):
    """A work of which a competency is still to judge: a hand-in, a complete mandate, an assessment in a session."""

    evidence: EvidenceRef
    enrolment_id: int
    name: str
    cohort_code: str
    activity_code: str | None = Field(description="null for a mandate")
    title: str = Field(description="of the activity, or of the mandate with its enterprise")
    attempt: int | None = Field(description="of a hand-in")
    received_at: datetime = Field(
        description="when it was handed in, when the mandate's last milestone was confirmed, when the session began"
    )
    age_days: int
    is_late: bool = Field(description="older than the ten working days within which people are answered")
    competencies: tuple[str, ...] = Field(description="what the work assesses and is still to judge on it")
    assignee_id: int | None = Field(description="the trainer to whom it is assigned, of those of its cohort")
    assignee: str | None
    in_conflict: bool = Field(description="whether the reader declared an interest that keeps them from judging it")
    substitute: str | None = Field(description="who of the cohort's trainers may judge it instead")


class QueueSort(StrEnum):
    """What the queue is sorted by."""

    AGE = "attente"
    NAME = "nom"
    COHORT = "cohorte"


class QueueView(StrEnum):
    """Whose works a queue shows: those assigned to the reader or to nobody, or all those of their cohorts."""

    MINE = "mine"
    TEAM = "team"


class QueueOf(StrEnum):
    """The other view of the queue, as the address of its page says it; without it, one's own."""

    TEAM = "equipe"


class QueueAge(StrEnum):
    """How long works have waited, as the address of the page says it."""

    LATE = "retard"


class QueueQuery(ListQuery):
    """The works to show, oldest first; the search looks at people, cohorts, activities and enterprises."""

    SORTS: ClassVar = QueueSort
    tri: str = "-attente"
    vue: QueueOf | None = None
    cohorte: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    competence: TypedCode | None = None
    age: QueueAge | None = None

    @property
    def view(self) -> QueueView:
        """Whose works it shows."""
        return QueueView.TEAM if self.vue else QueueView.MINE


class RecentJudgement(Read):
    """A judgement in force, for the person whom it is about: which competency of which path, and when."""

    enrolment_id: int
    competency_code: str
    validated_at: datetime
    curriculum_slug: str
    curriculum_version: str
    timezone: str


class QueueCounts(Read):
    """How many works of a queue are judged and wait, each counted to a thousand: ``is_more`` beyond.

    ``waits`` and ``place`` are of one work: its rank among all, those already judged first, where all are counted.
    """

    judged: int
    waiting: int
    is_more: bool
    waits: bool
    place: int | None

    @property
    def total(self) -> int:
        """How many there are."""
        return self.judged + self.waiting


class WaitingWorks(Read):
    """Hand-ins of a cohort that wait to be judged, oldest first; ``next`` is the cursor of the following page."""

    items: tuple[QueueItem, ...]
    next: int | None


class Queue(Read):
    """Hand-ins that a trainer has to judge, oldest first; ``judged`` of ``total`` are wholly judged.

    Those judged and those that wait are counted to a thousand each. ``next`` is the cursor of the following page.
    """

    judged: int
    total: int
    items: tuple[QueueItem, ...]
    next: int | None
