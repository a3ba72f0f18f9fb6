"""Pure rules of roll calls: who they name, the minutes and hours of a presence, what a correction changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from app.attendance.roll_calls.enums import PresenceStatus
from app.platform.errors import Reason

ATTENDING = frozenset({PresenceStatus.PRESENT, PresenceStatus.LATE, PresenceStatus.LEFT_EARLY})
"""The statuses of a person who was present."""

PARTIAL = frozenset({PresenceStatus.LATE, PresenceStatus.LEFT_EARLY})
"""The statuses of a person who was present for a part of the session: they may say from when, and until when."""

Line = TypeVar("Line")


class Schedule(NamedTuple):
    """When a session begins, and for how many minutes it is planned."""

    starts_at: datetime
    planned_minutes: int

    @property
    def ends_at(self) -> datetime:
        """When it is planned to end."""
        return self.starts_at + timedelta(minutes=self.planned_minutes)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a roll call; ``minutes`` is ``None`` when the status and the hours are to say it."""

    enrolment_id: int
    status: PresenceStatus
    minutes: int | None
    arrived_at: datetime | None = None
    left_at: datetime | None = None


def minutes_there(schedule: Schedule, arrived_at: datetime | None, left_at: datetime | None) -> int:
    """Return the whole minutes of a session between an arrival, else its start, and a departure, else its end."""
    began = max(schedule.starts_at, arrived_at or schedule.starts_at)
    ended = min(schedule.ends_at, left_at or schedule.ends_at)
    return max(0, (ended - began) // timedelta(minutes=1))


def counted_minutes(entry: Entry, schedule: Schedule) -> int | None:
    """Return the minutes of a line: those written, else what its status and hours say, ``None`` if nothing."""
    if entry.minutes is not None:
        return entry.minutes
    if entry.status not in ATTENDING:
        return 0
    if entry.status is PresenceStatus.PRESENT:
        return schedule.planned_minutes
    if entry.arrived_at is None and entry.left_at is None:
        return None
    return minutes_there(schedule, entry.arrived_at, entry.left_at)


def written_minutes(entry: Entry, schedule: Schedule) -> int | None:
    """Return the minutes of a recorded line if its status and hours do not say them: only those were written."""
    implied = counted_minutes(replace(entry, minutes=None), schedule)
    return None if entry.minutes == implied else entry.minutes


def roll_call_reasons(entries: Sequence[Entry], roster: Collection[int], schedule: Schedule) -> list[Reason]:
    """Return why a roll call may not be closed: it must name everyone on the roll once, with possible minutes."""
    reasons = []
    named: set[int] = set()
    for index, entry in enumerate(entries):
        field = f"entries.{index}"
        if entry.enrolment_id not in roster:
            reasons.append(Reason("not_on_the_roll", field=f"{field}.enrolment_id"))
        elif entry.enrolment_id in named:
            reasons.append(Reason("twice_on_the_roll", field=f"{field}.enrolment_id"))
        named.add(entry.enrolment_id)
        reasons.extend(time_reasons(entry, schedule, field) or _minute_reasons(entry, schedule, f"{field}.minutes"))
    if missing := len(set(roster) - named):
        reasons.append(Reason("missing_from_the_roll", {"n": missing}, "entries"))
    return reasons


def time_reasons(entry: Entry, schedule: Schedule, field: str) -> list[Reason]:
    """Return why hours of arrival and departure are impossible: outside the session, reversed, of a whole presence."""
    given = {"arrived_at": entry.arrived_at, "left_at": entry.left_at}
    times = {name: at for name, at in given.items() if at is not None}
    if entry.status not in PARTIAL:
        return [Reason("hours_of_partial_presence", field=f"{field}.{name}") for name in times]
    outside = [name for name, at in times.items() if not schedule.starts_at < at < schedule.ends_at]
    if outside:
        return [Reason("hour_outside_session", field=f"{field}.{name}") for name in outside]
    if entry.arrived_at is not None and entry.left_at is not None and entry.left_at <= entry.arrived_at:
        return [Reason("left_before_arriving", field=f"{field}.left_at")]
    return []


def _minute_reasons(entry: Entry, schedule: Schedule, field: str) -> list[Reason]:
    """Return why the minutes of a line are impossible: not to be known, or more than its hours leave."""
    minutes = counted_minutes(entry, schedule)
    if minutes is None:
        return [Reason("minutes_or_hours_needed", field=field)]
    if reasons := presence_reasons(entry.status, minutes, schedule.planned_minutes, field):
        return reasons
    most = minutes_there(schedule, entry.arrived_at, entry.left_at)
    return [Reason("minutes_above_hours", {"n": most}, field)] if minutes > most else []


def presence_reasons(status: PresenceStatus, minutes: int, planned_minutes: int, field: str) -> list[Reason]:
    """Return why a presence is impossible: minutes while absent, none while present, more than planned."""
    if status not in ATTENDING:
        return [Reason("minutes_while_absent", field=field)] if minutes else []
    if minutes <= 0:
        return [Reason("present_without_minutes", field=field)]
    if minutes > planned_minutes:
        return [Reason("minutes_above_planned", {"planned_minutes": planned_minutes}, field)]
    return []


def moment_near(clock: time, schedule: Schedule, zone: str) -> datetime:
    """Return the moment (UTC) of a local clock that is nearest to a session's middle (BR-30).

    A session may begin before midnight, or hold the hour that comes twice in November.
    """
    middle = schedule.starts_at + timedelta(minutes=schedule.planned_minutes) / 2
    day = middle.astimezone(ZoneInfo(zone)).date()
    moments = [
        datetime.combine(day + timedelta(days=shift), clock, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC)
        for shift in (-1, 0, 1)
        for fold in (0, 1)
    ]
    return min(moments, key=lambda moment: abs(moment - middle))


def corrected_lines(
    before: Mapping[int, Line], after: Mapping[int, Line]
) -> dict[int, tuple[Line | None, Line | None]]:
    """Return each line that a correction changed, as it was and as it became; ``None`` where there was none."""
    return {key: (before.get(key), after.get(key)) for key in {**before, **after} if before.get(key) != after.get(key)}
