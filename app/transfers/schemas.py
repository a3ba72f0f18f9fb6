"""What a transfer carries, its commands and its read models. Times are minutes."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.curricula.enums import MandateKind
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Prose, Read
from app.transfers.enums import CarriedFate, Direction, Side, TransferSort, TransferState

Why = Annotated[Prose, StringConstraints(max_length=500)]


# The file that is carried ------------------------------------------------------------------------


class Origin(Read):
    """An enrolment in which something was followed, as it was called when it was left."""

    enrolment_id: int
    college: str
    cohort: str
    curriculum_version: str


class CarriedResult(Read):
    """What was recognised of an activity in an enrolment; ``sessions`` are of codevelopment, without turns."""

    enrolment_id: int
    activity_code: str
    minutes: int
    complete: bool
    done_on: date | None = None
    sessions: int = 0


class CarriedLevel(Read):
    """A validated level of a competency, with its date and who judged (BR-12)."""

    enrolment_id: int
    judgement_id: int
    competency_code: str
    level: int
    judged_on: date
    assessor: str


class CarriedRecognition(Read):
    """A level recognised from before the path (S9)."""

    enrolment_id: int
    decision_id: int
    competency_code: str
    level: int
    recognised_on: date


class CarriedMandate(Read):
    """A mandate with the dates of its steps (BR-15)."""

    enrolment_id: int
    mandate_id: int
    kind: MandateKind
    enterprise_id: int
    agreement_on: date | None = None
    diagnostic_on: date | None = None
    plan_on: date | None = None


class CarriedPresence(Read):
    """The minutes attended in an enrolment, and their base (BR-08)."""

    enrolment_id: int
    attended_minutes: int
    base_minutes: int


class Package(Read):
    """All that an enrolment gives to the next one: its own results, and those that it had received."""

    origins: tuple[Origin, ...] = ()
    results: tuple[CarriedResult, ...] = ()
    levels: tuple[CarriedLevel, ...] = ()
    recognitions: tuple[CarriedRecognition, ...] = ()
    mandates: tuple[CarriedMandate, ...] = ()
    presences: tuple[CarriedPresence, ...] = ()


# Commands ----------------------------------------------------------------------------------------


class ProposeTransfer(Command):
    """A cohort that follows the same path, of one's own college or of another one, and why."""

    to_cohort_id: int
    reason: Why


class AnswerConsent(Command):
    """Whether the person agrees that their file passes to the college that receives them."""

    agrees: bool


class WithdrawTransfer(Command):
    """The college that proposed a transfer takes it back, and says why."""

    reason: Why


class DecideTransfer(Command):
    """The college that receives accepts, or declines with a reason."""

    accepts: bool
    reason: Why | None = None


# Read models -------------------------------------------------------------------------------------


class TransferRef(Read):
    """A transfer that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    to_college_id: int
    enrolment_id: int
    person_id: int
    proposed_by: int


class TransferTarget(Read):
    """A cohort to which someone may be transferred."""

    cohort_id: int
    college_id: int
    college: str
    title: str
    curriculum_version: str
    starts_on: date
    ends_on: date
    seats_left: int


class TransferTargets(Read):
    """The cohorts to choose among, by college and first day."""

    items: tuple[TransferTarget, ...]


class TransferShown(Read):
    """A transfer as the two colleges and the person read it."""

    id: int
    enrolment_id: int
    name: str
    curriculum_slug: str
    from_college: str
    from_title: str
    from_version: str
    to_college_id: int
    to_college: str
    to_title: str
    to_version: str
    reason: str
    state: TransferState
    side: Side
    proposed_at: datetime
    proposed_by: str
    consented_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    answer: str | None
    to_enrolment_id: int | None


class TransferPage(Read):
    """Transfers, latest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[TransferShown, ...]
    next: int | None


class TransferList(Read):
    """The transfers of one person, latest first."""

    items: tuple[TransferShown, ...]


class ResultCarried(Read):
    """A result that is carried: what was recognised where it was followed, what counts here, and for what."""

    college: str
    cohort: str
    curriculum_version: str
    activity_code: str
    title: str
    minutes: int
    counted_minutes: int
    becomes: tuple[str, ...]
    fate: CarriedFate


class LevelCarried(Read):
    """A level that is carried, with its origin."""

    college: str
    competency_code: str
    level: int
    judged_on: date
    assessor: str


class RecognitionCarried(Read):
    """A level recognised from before the path that is carried, with the college that decided."""

    college: str
    competency_code: str
    level: int
    recognised_on: date


class MandateCarried(Read):
    """A mandate that is carried, with its origin; one that is not complete is shown and does not count."""

    college: str
    kind: MandateKind
    agreement_on: date | None
    diagnostic_on: date | None
    plan_on: date | None
    counts: bool


class CarriedShown(Read):
    """What an enrolment received, or would receive, by a transfer."""

    results: tuple[ResultCarried, ...]
    levels: tuple[LevelCarried, ...]
    recognitions: tuple[RecognitionCarried, ...]
    mandates: tuple[MandateCarried, ...]
    attended_minutes: int
    base_minutes: int

    @property
    def counted_minutes(self) -> int:
        """The minutes that count in the new enrolment, those in excess of what is planned included."""
        return sum(result.counted_minutes for result in self.results)


class TransfersQuery(ListQuery):
    """The transfers of a college to show in a list, the latest first."""

    SORTS: ClassVar = TransferSort
    tri: str = "-date"
    sens: Direction = Direction.INCOMING
    etat: TransferState | None = None


class TransfersApiQuery(Command):
    """The transfers of a college to return, latest first."""

    incoming: bool = Field(default=True, description="those that the college receives; else those that it proposed")
    state: TransferState | None = None
    after: After = None
    limit: Limit = PAGE
