"""Commands and read models of the waitlist and of one's own application."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.cohorts.enums import EnrolmentState
from app.cohorts.schemas import Justification
from app.cohorts.waitlist.enums import OfferAnswer
from app.cohorts.waitlist.rules import MOST_OFFER_HOURS
from app.platform.schema import Command, Read


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
    """Someone on the waitlist: ``position`` is their place in its order, from 1."""

    enrolment_id: int
    name: str
    position: int
    is_first: bool = Field(description="whether a coordinator let the person come first")
    received_at: datetime


class SeatOffered(OfferShown):
    """A seat offered to someone of the waitlist."""

    enrolment_id: int
    name: str


class WaitlistShown(Read):
    """The waitlist of a cohort: who waits, in order, and the seats that were offered, the newest first."""

    capacity: int
    seated: int
    offer_hours: int
    waiting: tuple[Waiting, ...]
    offers: tuple[SeatOffered, ...]


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
    """Where one's own application stands; ``position`` is the place on the waitlist, ``offer`` the seat offered."""

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
