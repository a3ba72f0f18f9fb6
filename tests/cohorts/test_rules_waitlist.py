"""Rules of the waitlist: seats to offer, how long an offer stands, how it ends."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.cohorts.enums import EnrolmentState
from app.cohorts.waitlist.enums import OfferAnswer
from app.cohorts.waitlist.rules import answer_of, answer_reasons, expiry, seats_to_offer

S = EnrolmentState
AT = datetime(2026, 11, 26, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "timezone", "expected"),
    [
        (date(2026, 12, 31), "America/Toronto", AT + timedelta(hours=72)),
        (date(2026, 11, 27), "America/Toronto", datetime(2026, 11, 28, 5, tzinfo=UTC)),
        (date(2026, 11, 27), "America/Halifax", datetime(2026, 11, 28, 4, tzinfo=UTC)),
    ],
)
def test_offer_stands_for_the_hours_of_the_cohort_and_ends_with_the_last_day_to_join(
    limit: date, timezone: str, expected: datetime
) -> None:
    assert expiry(AT, 72, limit=limit, timezone=timezone) == expected


@pytest.mark.parametrize(("seated", "days_late", "expected"), [(7, 0, 1), (8, 0, 0), (9, 0, 0), (0, 0, 8), (7, 1, 0)])
def test_free_seats_are_offered_until_the_last_day_to_join(seated: int, days_late: int, expected: int) -> None:
    limit = date(2026, 2, 1)
    at = datetime(2026, 2, 1, 12, tzinfo=UTC) + timedelta(days=days_late)
    assert seats_to_offer(seated=seated, capacity=8, at=at, limit=limit, timezone="America/Toronto") == expected


@pytest.mark.parametrize(("hour", "expected"), [("11:59", 1), ("12:00", 1), ("12:01", 0), ("23:50", 0)])
def test_no_seat_is_offered_that_would_expire_before_its_letter_is_read(hour: str, expected: int) -> None:
    at = datetime.fromisoformat(f"2026-02-01T{hour}-05:00")
    assert seats_to_offer(seated=7, capacity=8, at=at, limit=at.date(), timezone="America/Toronto") == expected


@pytest.mark.parametrize(
    ("state", "expires_at", "expected"),
    [
        (S.OFFERED, AT + timedelta(seconds=1), []),
        (S.OFFERED, AT, ["offer_expired"]),
        (S.OFFERED, None, ["no_offer"]),
        (S.WAITLISTED, None, ["no_offer"]),
        (S.ADMITTED, AT + timedelta(hours=1), ["no_offer"]),
    ],
)
def test_offer_is_answered_while_it_stands(
    state: EnrolmentState, expires_at: datetime | None, expected: list[str]
) -> None:
    assert [reason.code for reason in answer_reasons(state, expires_at, AT)] == expected


def test_offer_ends_as_the_new_state_says() -> None:
    answers = {state: answer_of(state) for state in (S.ADMITTED, S.DECLINED, S.REFUSED)}
    assert answers == {
        S.ADMITTED: OfferAnswer.ACCEPTED, S.DECLINED: OfferAnswer.DECLINED, S.REFUSED: OfferAnswer.TAKEN_BACK,
    }  # fmt: skip
