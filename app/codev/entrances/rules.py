"""Pure rules of entrances: on which day someone may enter a group (S2)."""

from datetime import date, timedelta

from app.platform.errors import Reason


def first_day(today: date, *, begun: bool, notice_days: int) -> date:
    """Return the first day on which someone may enter: after the notice once the group has begun, else today."""
    return today + timedelta(days=notice_days) if begun else today


def entry_reasons(day: date, today: date, last_day: date, *, begun: bool, notice_days: int) -> list[Reason]:
    """Return why nobody enters on a day: too soon for a group that has begun, after its cohort, or not yet come."""
    if not begun:
        return [Reason("date_to_come", field="joined_on")] if day > today else []
    first = first_day(today, begun=True, notice_days=notice_days)
    if day < first:
        return [Reason("entry_too_soon", {"first_on": first.isoformat(), "n": notice_days}, "joined_on")]
    return [Reason("entry_after_the_end", {"ends_on": last_day.isoformat()}, "joined_on")] if day > last_day else []
