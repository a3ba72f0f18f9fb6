"""Pure rules of cohorts: who may move where, who may still join, what a roll call may say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.cohorts.models import EnrolmentState, PresenceStatus
from app.errors import Reason

S = EnrolmentState

MOVES: Mapping[S, frozenset[S]] = {
    S.APPLIED: frozenset({S.ADMITTED, S.REFUSED, S.WITHDRAWN}),
    S.ADMITTED: frozenset({S.ACTIVE, S.WITHDRAWN}),
    S.ACTIVE: frozenset({S.COMPLETED, S.ON_LEAVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED, S.FAILED}),
    S.ON_LEAVE: frozenset({S.ACTIVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED}),
    S.INCOMPLETE: frozenset({S.ACTIVE, S.WITHDRAWN}),
    S.COMPLETED: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.TRANSFERRED: frozenset(),
    S.FAILED: frozenset(),
}
"""BR-04: from a state to those it may become."""

SEATED = frozenset({S.ADMITTED, S.ACTIVE, S.ON_LEAVE, S.COMPLETED, S.INCOMPLETE})
"""States that take a seat of the cohort."""

LEFT = frozenset({S.REFUSED, S.WITHDRAWN, S.TRANSFERRED})
"""States in which someone has nothing more to do in the cohort: only their own file stays theirs to read."""

FOLLOWING = frozenset({S.ACTIVE, S.COMPLETED})
"""States on the roll."""

NEEDS_REASON = frozenset({S.REFUSED, S.ON_LEAVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED, S.FAILED})
"""Moves that say why."""

ATTENDING = frozenset({PresenceStatus.PRESENT, PresenceStatus.LATE, PresenceStatus.LEFT_EARLY})

AROUND = timedelta(weeks=8)
"""How far from the cohort's dates a session may be: a storm may push the last one, a typed year may not."""


def move_reasons(current: S, to: S, reason: str | None) -> list[Reason]:
    """Why an enrolment may not move (BR-04)."""
    found = []
    if to not in MOVES[current]:
        found.append(Reason("move_not_allowed", {"from_state": current.value, "to_state": to.value}, "to"))
    elif to in NEEDS_REASON and not reason:
        found.append(Reason("reason_needed", field="reason"))
    return found


def late_join_limit(starts_on: date, ends_on: date, pct: int) -> date:
    """Last day on which someone joins without an exception: ``pct`` percent of the calendar (S2)."""
    return starts_on + timedelta(days=(ends_on - starts_on).days * pct // 100)


def admission_reasons(
    *, seated: int, capacity: int, joins_on: date, limit: date, exception: str | None
) -> list[Reason]:
    """Why someone may not be admitted: no seat left, or too late without an exception's reason."""
    found = []
    if seated >= capacity:
        found.append(Reason("cohort_full", {"capacity": capacity}))
    if joins_on > limit and not exception:
        found.append(Reason("too_late_to_join", {"limit_on": limit.isoformat()}, "reason"))
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a roll call."""

    enrolment_id: int
    status: PresenceStatus
    minutes: int


def roll_call_reasons(entries: Sequence[Entry], roster: Collection[int], planned_minutes: int) -> list[Reason]:
    """Why a roll call may not be closed: it names everyone on the roll once, with minutes that can be."""
    found = []
    seen: set[int] = set()
    for place, entry in enumerate(entries):
        field = f"entries.{place}"
        if entry.enrolment_id not in roster:
            found.append(Reason("not_on_the_roll", field=f"{field}.enrolment_id"))
        elif entry.enrolment_id in seen:
            found.append(Reason("twice_on_the_roll", field=f"{field}.enrolment_id"))
        seen.add(entry.enrolment_id)
        found.extend(presence_reasons(entry.status, entry.minutes, planned_minutes, f"{field}.minutes"))
    if missing := len(set(roster) - seen):
        found.append(Reason("missing_from_the_roll", {"n": missing}, "entries"))
    return found


def presence_reasons(status: PresenceStatus, minutes: int, planned_minutes: int, field: str) -> list[Reason]:
    """Why a presence cannot be: minutes while absent, none while present, more than planned."""
    if status not in ATTENDING:
        return [Reason("minutes_while_absent", field=field)] if minutes else []
    if minutes <= 0:
        return [Reason("present_without_minutes", field=field)]
    if minutes > planned_minutes:
        return [Reason("minutes_above_planned", {"planned_minutes": planned_minutes}, field)]
    return []


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


# Catching up ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Met:
    """A session of one's cohort for an activity; ``minutes`` is ``None`` when one is not in its roll call."""

    activity_code: str
    on: date
    is_past: bool
    minutes: int | None


def missed(sessions: Sequence[Met], caught_up: Collection[str], joined_on: date) -> dict[str, date]:
    """Activities missed for good, with the day of their last session (S2).

    Missed means: held before joining or recorded without a minute, with no other session to come, no
    minute anywhere and no catch-up given yet.
    """
    found: dict[str, date] = {}
    settled = {s.activity_code for s in sessions if s.minutes or not s.is_past} | set(caught_up)
    for session in sessions:
        absent = session.minutes == 0 or session.on < joined_on
        if absent and session.activity_code not in settled:
            found[session.activity_code] = max(session.on, found.get(session.activity_code, session.on))
    return found
