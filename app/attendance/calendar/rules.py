"""Pure rules of cohorts: who may move where, who may still join, what a roll call may say."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.platform.errors import Reason

AROUND = timedelta(weeks=8)
"""How far from the cohort's dates a session may be: a storm may push the last one, a typed year may not."""


def has_begun(starts_at: datetime, at: datetime) -> bool:
    """Whether a session may have its roll called."""
    return starts_at <= at


class Stage(StrEnum):
    """Where a session stands."""

    COMING = "coming"
    TO_CALL = "to_call"
    CALLED = "called"
    CANCELLED = "cancelled"


def stage(starts_at: datetime, at: datetime, *, cancelled: bool, closed: bool) -> Stage:
    """Where a session stands at a moment."""
    if cancelled:
        return Stage.CANCELLED
    if closed:
        return Stage.CALLED
    return Stage.TO_CALL if has_begun(starts_at, at) else Stage.COMING


# Time -------------------------------------------------------------------------------------------


def at_local(day: date, clock: time, zone: str, *, second: bool | None = None) -> tuple[datetime, list[Reason]]:
    """The moment (UTC) that a clock shows in a zone, and why it is none (BR-30).

    In March an hour does not exist: refused. In November an hour comes twice: ``second`` says which one.
    """
    shown = datetime.combine(day, clock, ZoneInfo(zone))
    first, later = shown.replace(fold=0), shown.replace(fold=1)
    if first.utcoffset() == later.utcoffset():
        return first.astimezone(UTC), []
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != shown.replace(tzinfo=None):
        return first.astimezone(UTC), [Reason("hour_does_not_exist", field="clock")]
    if second is None:
        return first.astimezone(UTC), [Reason("hour_comes_twice", field="second")]
    return (later if second else first).astimezone(UTC), []


def calendar_reasons(day: date, starts_on: date, ends_on: date) -> list[Reason]:
    """Why a session cannot be on a day: months away from its cohort, most likely a mistyped year."""
    if starts_on - AROUND <= day <= ends_on + AROUND:
        return []
    params = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    return [Reason("session_far_from_cohort", params, "starts_at")]
