"""Pure rules of the waitlist: how many seats are offered, until when an offer stands, how it ends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.cohorts.enums import EnrolmentState
from app.cohorts.waitlist.enums import OfferAnswer
from app.platform.errors import Reason

S = EnrolmentState

OFFER_HOURS = 72
"""The hours for which an offer stands, where the cohort has no others."""
MOST_OFFER_HOURS = 24 * 14
"""The most hours for which a cohort may let an offer stand."""

LAST_HOURS = timedelta(hours=12)
"""The hours before the end of the last day to join in which no seat is offered any more."""

ANSWERS = {S.ADMITTED: OfferAnswer.ACCEPTED, S.DECLINED: OfferAnswer.DECLINED}
"""How an offer ends when its enrolment changes to a state; to any other, the college took it back."""


def end_of_day(day: date, timezone: str) -> datetime:
    """Return the moment at which a day ends in a time zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(timezone)).astimezone(UTC)


def expiry(offered_at: datetime, hours: int, *, limit: date, timezone: str) -> datetime:
    """Return the moment at which an offer expires: after ``hours``, with the last day to join at the latest (S2)."""
    return min(offered_at + timedelta(hours=hours), end_of_day(limit, timezone))


def seats_to_offer(*, seated: int, capacity: int, at: datetime, limit: date, timezone: str) -> int:
    """Return how many seats are offered to those who wait: those that are free, until the last day to join (S2).

    None is offered in the last hours of that day: the offer would expire in the night, before its letter is read.
    """
    is_time_left = end_of_day(limit, timezone) - at >= LAST_HOURS
    return max(capacity - seated, 0) if is_time_left else 0


def answer_reasons(state: EnrolmentState, expires_at: datetime | None, at: datetime) -> list[Reason]:
    """Return why a person may not accept an offer: there is none, or it has expired."""
    if state is not S.OFFERED or expires_at is None:
        return [Reason("no_offer")]
    return [Reason("offer_expired")] if at >= expires_at else []


def answer_of(to: EnrolmentState) -> OfferAnswer:
    """Return how an offer ends when its enrolment changes to a state."""
    return ANSWERS.get(to, OfferAnswer.TAKEN_BACK)
