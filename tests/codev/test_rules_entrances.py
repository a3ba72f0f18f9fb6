"""The day on which someone may enter a group: at once before it has begun, after the notice since (S2)."""

from datetime import date, timedelta

import pytest

from app.codev.entrances.rules import entry_reasons, first_day

TODAY, END = date(2026, 11, 27), date(2026, 12, 20)


@pytest.mark.parametrize(
    ("begun", "days", "codes"),
    [
        (False, -10, []),
        (False, 0, []),
        (False, 1, ["date_to_come"]),
        (True, 0, ["entry_too_soon"]),
        (True, 2, ["entry_too_soon"]),
        (True, 3, []),
        (True, 23, []),
        (True, 24, ["entry_after_the_end"]),
    ],
)
def test_day_of_an_entrance_leaves_the_members_their_notice(*, begun: bool, days: int, codes: list[str]) -> None:
    reasons = entry_reasons(TODAY + timedelta(days=days), TODAY, END, begun=begun, notice_days=3)
    assert [(r.code, r.field) for r in reasons] == [(code, "joined_on") for code in codes]


def test_first_day_of_an_entrance_is_today_until_the_group_has_begun() -> None:
    assert first_day(TODAY, begun=False, notice_days=3) == TODAY
    assert first_day(TODAY, begun=True, notice_days=3) == TODAY + timedelta(days=3)
    assert first_day(TODAY, begun=True, notice_days=0) == TODAY
