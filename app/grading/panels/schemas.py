"""Commands, queries and read models of panels."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.grading.panels.enums import Basis, PanelFilter, PanelKind, PanelSort, PanelState
from app.grading.schemas import (
    CRITERIA_MAX,
    EVIDENCE_MAX,
    CriteriaLevels,
    CriterionLevel,
    EvidenceKey,
    EvidenceRef,
    TypedCode,
    refs_of,
)
from app.platform.errors import Reason
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Code, Command, Prose, Read

Reasons = Annotated[Prose, StringConstraints(max_length=1000)]


class AskReview(Command):
    """The person contests a judgement, and says why: a review first, then a committee of three."""

    motive: Annotated[Prose, StringConstraints(max_length=2000)]


class NameAssessors(Command):
    """The assessors to name: as many as are still missing."""

    assessor_ids: tuple[int, ...] = Field(default=(), max_length=3)


class OpenPanel(Command):
    """A double assessment: two people judge a competency on the same evidence, each on their own."""

    competency_code: TypedCode
    evidence: tuple[EvidenceRef, ...] = Field(max_length=EVIDENCE_MAX)
    assessor_ids: tuple[int, ...] = Field(max_length=3)


class OpenPanelForm(Command):
    """The fields of :class:`OpenPanel` as the form sends them."""

    evidence: tuple[EvidenceKey, ...] = Field(default=(), max_length=EVIDENCE_MAX)
    assessor_ids: tuple[int, ...] = Field(default=(), max_length=3)

    def command(self, competency: str) -> OpenPanel:
        """Return the command for the service, which counts the pieces and the assessors."""
        evidence = refs_of(self.evidence)
        return OpenPanel(competency_code=competency, evidence=evidence, assessor_ids=self.assessor_ids)


class ReviewOffer(Read):
    """What the person may ask of a judgement: which kind, until when; why not, otherwise."""

    kind: PanelKind | None
    until: date
    days: int
    reasons: tuple[Reason, ...]


class GiveOpinion(Command):
    """The level that an assessor gives on their own, with the criteria met and the reasons."""

    level: Annotated[int, Field(ge=1, le=4)]
    criteria_met: tuple[Code, ...] = Field(default=(), max_length=CRITERIA_MAX)
    criteria_levels: tuple[CriterionLevel, ...] = Field(
        default=(), max_length=CRITERIA_MAX, description="where the framework has a grid, in place of `criteria_met`"
    )
    reasons: Reasons


class PanelRef(Read):
    """A panel that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int
    kind: PanelKind
    competency_code: str
    judgement_id: int | None
    hold_id: int | None


class SeatShown(Read):
    """An assessor of a panel, and whether they have spoken in the present round.

    One who may no longer judge and gave no level leaves a vacant place, in which another one is named; so does one who
    declared an interest, whatever level they gave.
    """

    assessor_id: int
    name: str
    has_spoken: bool
    is_vacant: bool
    is_replaced: bool


class OpinionShown(Read):
    """A level that an assessor gave on their own."""

    assessor_id: int
    round: int
    level: int
    criteria_met: tuple[str, ...]
    criteria_levels: CriteriaLevels
    reasons: str
    recorded_at: datetime


class PanelRow(Read):
    """A panel in a list: whose, of what, how far, until when."""

    id: int
    college_id: int
    enrolment_id: int
    name: str
    cohort_title: str
    competency_code: str
    kind: PanelKind
    state: PanelState
    opened_at: datetime
    due_on: date
    is_overdue: bool
    may_take: bool = Field(description="whether the reader may take the review for themselves")


class PanelShown(PanelRow):
    """A panel as its reader may read it.

    An assessor reads the others' levels once each has spoken; the person judged reads them with the decision.
    """

    person_id: int
    judgement_id: int | None
    contested_level: int | None
    motive: str | None
    opened_by: str
    evidence: tuple[EvidenceRef, ...]
    seats: tuple[SeatShown, ...]
    wanted: int = Field(description="how many assessors are still to name")
    opinions: tuple[OpinionShown, ...]
    level: int | None
    basis: Basis | None
    decided_at: datetime | None
    decided_judgement_id: int | None
    appeal_until: date | None = Field(description="last day for the person to ask for the committee of three")


class PanelOutcome(Read):
    """What became of a panel; one that is open has no level."""

    id: int
    competency_code: str
    kind: PanelKind
    opened_at: datetime
    assessors: tuple[str, ...]
    level: int | None
    basis: Basis | None
    decided_at: datetime | None


class PanelPage(Read):
    """Panels, the first due first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[PanelRow, ...]
    next: int | None


class PanelList(Read):
    """The panels of an enrolment, latest first."""

    items: tuple[PanelRow, ...]


class PanelsQuery(ListQuery):
    """The panels to show in a list, the first due first; those that are open unless others are chosen."""

    SORTS: ClassVar = PanelSort
    tri: str = "echeance"
    etat: PanelFilter = PanelFilter.OPEN


class PanelsApiQuery(Command):
    """The panels to return, the first due first."""

    open: bool | None = None
    after: After = None
    limit: Limit = PAGE
