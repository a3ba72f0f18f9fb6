"""Commands and read models of changes of state that await a second person."""

from datetime import datetime

from app.cohorts.enums import EnrolmentState
from app.platform.schema import Command, Read


class DecideMove(Command):
    """Whether the change of state is made."""

    accept: bool


class EnrolmentProposalRef(Read):
    """A proposed change of state within the actor's reach: what commands accept."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int
    proposed_by: int


class EnrolmentProposalShown(Read):
    """A change of state that awaits a second person; ``mine`` when its reader proposed it, or follows the cohort."""

    id: int
    enrolment_id: int
    name: str
    cohort_title: str
    to_state: EnrolmentState
    reason: str
    proposed_at: datetime
    proposed_by: str
    mine: bool


class EnrolmentProposals(Read):
    """The changes of state that await a second person, oldest first; ``next`` is the cursor of the following page."""

    items: tuple[EnrolmentProposalShown, ...]
    next: int | None
