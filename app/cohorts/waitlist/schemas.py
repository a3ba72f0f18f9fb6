"""Commands and read models of the waitlist and of one's own application."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from app.cohorts.enums import EnrolmentState, WaitlistSort
from app.cohorts.schemas import Justification
from app.cohorts.waitlist.enums import OfferAnswer
from app.cohorts.waitlist.rules import MOST_OFFER_HOURS
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read


class WaitlistQuery(ListQuery):
    """The people of a waitlist to show, in its order."""

    SORTS: ClassVar = WaitlistSort
    tri: str = "rang"


class OfferHours(Command):
    """For how many hours the seats that are offered from now on stand."""

    offer_hours: Annotated[int, Field(ge=1, le=MOST_OFFER_HOURS)]


class PriorityCommand(Command):
    """Whether someone who waits comes first, for a reason."""

    is_first: bool
    reason: Justification


class OfferShown(Read):
    """A seat that was offered; ``answer`` is ``None`` while it stands."""

    offered_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    answer: OfferAnswer | None


class Waiting(Read):
    """Someone on the waitlist: ``position`` is their place among those to whom a seat may be offered, from 1.

    It is ``None`` for who follows the path in another cohort meanwhile.
    """

    enrolment_id: int
    name: str
    position: int | None
    is_first: bool = Field(description="whether a coordinator let the person come first")
    received_at: datetime


class SeatOffered(OfferShown):
    """A seat offered to someone of the waitlist."""

    enrolment_id: int
    name: str


class WaitlistTerms(Read):
    """The seats of a cohort, for how long they are offered, and the newest of those that were."""

    capacity: int
    seated: int
    offer_hours: int
    offers: tuple[SeatOffered, ...]


class WaitlistShown(WaitlistTerms):
    """The waitlist of a cohort: who waits, in order; ``next`` is the cursor of the following page, if any."""

    waiting: tuple[Waiting, ...]
    next: int | None


class OfferAnswerCommand(Command):
    """Whether the person takes the seat that is offered."""

    accept: bool


class OwnApplicationRef(Read):
    """One's own application to a cohort, loaded for its author: what commands accept."""

    enrolment_id: int
    college_id: int
    cohort_id: int
    person_id: int


class OwnApplication(OwnApplicationRef):
    """Where one's own application stands; ``position`` is the place on the waitlist, ``offer`` the seat offered.

    Who follows the path in another cohort meanwhile has no ``position``.
    """

    cohort_title: str
    college: str
    timezone: str
    curriculum_slug: str
    curriculum_version: str
    state: EnrolmentState
    joined_on: date | None
    motive: str
    employer: str | None
    employer_agrees: bool
    received_at: datetime
    takes_applications: bool
    position: int | None
    waiting: int
    offer: OfferShown | None
