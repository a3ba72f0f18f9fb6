"""Commands and read models of drafts of judgements. Moments are UTC."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.schemas import LevelNumber
from app.grading.schemas import (
    CRITERIA_MAX,
    EVIDENCE_MAX,
    Comment,
    CriteriaLevels,
    CriteriaTexts,
    CriterionLevel,
    CriterionText,
    EvidenceRef,
    JudgeReason,
    TypedCode,
    refs_of_ids,
)
from app.platform.paging import LARGEST_ID
from app.platform.schema import BlankIsNone, Code, Command, Read

AnyId = Annotated[int | None, Field(ge=1, le=LARGEST_ID), BlankIsNone]


class DraftKey(Command):
    """The form that a draft is of: the work that was opened with it, one at most, and the judgement to replace."""

    hand_in_id: AnyId = None
    mandate_id: AnyId = None
    session_id: AnyId = None
    supersedes: AnyId = None

    @property
    def works(self) -> list[EvidenceRef]:
        """Return the works that it names."""
        return refs_of_ids((self.hand_in_id, self.mandate_id, self.session_id))


def draft_key(work: EvidenceRef | None, supersedes: int | None) -> DraftKey:
    """Return the form that judges from a work, or from none, in place of a judgement or of none."""
    ids = {} if work is None else {f"{work.kind.value}_id": work.id}
    return DraftKey(**ids, supersedes=supersedes)


class DraftPlace(Read):
    """What a draft is about: a competency of an enrolment, on one form."""

    enrolment: EnrolmentRef
    competency: str
    key: DraftKey


def draft_path(place: DraftPlace) -> str:
    """Return the address at which a form saves its draft by itself."""
    query = urlencode(place.key.model_dump(exclude_none=True))
    path = f"/api/v1/enrolments/{place.enrolment.id}/judgement-drafts/{place.competency}"
    return f"{path}?{query}" if query else path


class DraftCommand(Command):
    """What a draft says from now on: all of it; nothing in it is required yet."""

    level: LevelNumber | None = None
    criteria_met: Annotated[tuple[Code, ...], Field(max_length=CRITERIA_MAX)] = ()
    criteria_levels: Annotated[tuple[CriterionLevel, ...], Field(max_length=CRITERIA_MAX)] = ()
    criteria_feedback: Annotated[tuple[CriterionText, ...], Field(max_length=CRITERIA_MAX)] = ()
    evidence: Annotated[tuple[EvidenceRef, ...], Field(max_length=EVIDENCE_MAX)] = ()
    activity_code: TypedCode | None = None
    comment: Comment = None
    reason: JudgeReason = None


class DraftShown(Read):
    """A draft, for its author; of ``version`` 0 nothing is written yet. Others learn only that a work is being read."""

    enrolment_id: int
    competency_code: str
    version: int = Field(description="the ETag, without its quotes: a change names it in If-Match")
    changed_at: datetime | None
    level: int | None
    criteria_met: tuple[str, ...]
    criteria_levels: CriteriaLevels
    criteria_feedback: CriteriaTexts
    evidence: tuple[EvidenceRef, ...]
    activity_code: str | None
    comment: str
    reason: str
