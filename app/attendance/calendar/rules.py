"""Pure rules of sessions: their stage at a moment, their local time, their distance from the cohort's dates."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.curricula.enums import Mode
from app.platform.errors import Reason
from app.platform.text import is_https

MAX_DISTANCE = timedelta(weeks=8)
"""How far outside the cohort's dates a session may be: enough to postpone one, too little for a mistyped year."""

MAX_ABSENCE = timedelta(days=30)
"""How long after its moment a session whose roll was never called may return to the calendar."""


LINK_BEFORE = timedelta(hours=24)
"""How long before its session a meeting link is shown."""

LINK_AFTER = timedelta(hours=2)
"""How long after the planned end a meeting link is still shown: sessions run over, and connections drop."""

LONGEST_LINK = 500
"""The longest meeting link, in characters."""


REMINDED_FROM = 9
"""The hour, in the session's zone, from which those who take part are reminded of it the day before."""


def is_to_remind(starts_at: datetime, zone: str, at: datetime) -> bool:
    """Return whether a session is tomorrow where it is held, and the day is late enough to say so."""
    here = at.astimezone(ZoneInfo(zone))
    return starts_at.astimezone(ZoneInfo(zone)).date() == here.date() + timedelta(days=1) and here.hour >= REMINDED_FROM


def has_begun(starts_at: datetime, at: datetime) -> bool:
    """Return whether a session has begun, so that its roll may be called."""
    return starts_at <= at


class Stage(StrEnum):
    """The stage of a session: to come, begun without a roll call, roll called, or cancelled."""

    COMING = "coming"
    TO_CALL = "to_call"
    CALLED = "called"
    CANCELLED = "cancelled"


def stage(starts_at: datetime, at: datetime, *, cancelled: bool, closed: bool) -> Stage:
    """Return the stage of a session at a moment."""
    if cancelled:
        return Stage.CANCELLED
    if closed:
        return Stage.CALLED
    return Stage.TO_CALL if has_begun(starts_at, at) else Stage.COMING


def at_local(day: date, clock: time, zone: str, *, second: bool | None = None) -> tuple[datetime, list[Reason]]:
    """Return the moment (UTC) of a local day and clock in a zone, and the reasons to refuse it (BR-30).

    The hour skipped in March is refused. The hour repeated in November needs ``second``: whether it is the later one.
    """
    local = datetime.combine(day, clock, ZoneInfo(zone))
    first, later = local.replace(fold=0), local.replace(fold=1)
    if first.utcoffset() == later.utcoffset():
        return first.astimezone(UTC), []
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        return first.astimezone(UTC), [Reason("hour_does_not_exist", field="clock")]
    if second is None:
        return first.astimezone(UTC), [Reason("hour_comes_twice", field="second")]
    return (later if second else first).astimezone(UTC), []


def place_reasons(mode: Mode, *, has_venue: bool, link: str | None) -> list[Reason]:
    """Return why a session of a mode cannot have this venue or this meeting link."""
    reasons = []
    if mode is Mode.online and has_venue:
        reasons.append(Reason("venue_online", field="venue_id"))
    if link is None:
        return reasons
    if mode is Mode.onsite:
        reasons.append(Reason("meeting_link_onsite", field="meeting_link"))
    if not is_https(link):
        reasons.append(Reason("meeting_link_not_https", field="meeting_link"))
    return reasons


def link_after(link: str | None, given: str | None, mode: Mode, *, is_removed: bool) -> str | None:
    """Return the meeting link of a changed session: the one given, else the one it has; none in a room, or removed."""
    if given is not None:
        return given
    return None if is_removed or mode is Mode.onsite else link


def link_shown_from(starts_at: datetime) -> datetime:
    """Return the moment from which a session's meeting link is shown."""
    return starts_at - LINK_BEFORE


def link_is_shown(starts_at: datetime, planned_minutes: int, at: datetime, *, cancelled: bool) -> bool:
    """Return whether a meeting link is shown: from a day before the start until two hours after the planned end."""
    until = starts_at + timedelta(minutes=planned_minutes) + LINK_AFTER
    return not cancelled and link_shown_from(starts_at) <= at <= until


def calendar_reasons(day: date, starts_on: date, ends_on: date) -> list[Reason]:
    """Return why a session cannot be on a day: too far from the cohort's dates, most likely a mistyped year."""
    if starts_on - MAX_DISTANCE <= day <= ends_on + MAX_DISTANCE:
        return []
    params = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    return [Reason("session_far_from_cohort", params, "starts_at")]


def change_reasons(*, called: bool, cancelled: bool) -> list[Reason]:
    """Return why a session can no longer be moved: its roll says what took place, or it is cancelled."""
    if cancelled:
        return [Reason("session_cancelled")]
    return [Reason("session_called")] if called else []


def is_moved(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Return whether people come at another moment or to another place: not when only its length or room changes."""
    where = ("starts_at", "venue_id") if after["venue_id"] is not None else ("starts_at", "venue_id", "place")
    return any(before[name] != after[name] for name in where)


def restoration_reasons(
    starts_at: datetime, at: datetime, *, called: bool, replaced: bool, beside: bool
) -> list[Reason]:
    """Return why a cancelled session cannot return to the calendar.

    Long past without a roll, its presences would be noted from memory; with a roll, its minutes count again as they
    were recorded. Replaced by another session of the activity, it asks whether both are meant.
    """
    if not called and at - starts_at > MAX_ABSENCE:
        return [Reason("restored_too_late", {"days": MAX_ABSENCE.days})]
    return [Reason("session_replaced", field="beside")] if replaced and not beside else []
