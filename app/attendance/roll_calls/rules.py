"""Pure rules of roll calls: who they must name, and which minutes a presence may have."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.attendance.roll_calls.enums import PresenceStatus
from app.platform.errors import Reason

ATTENDING = frozenset({PresenceStatus.PRESENT, PresenceStatus.LATE, PresenceStatus.LEFT_EARLY})
"""The statuses of a person who was present."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a roll call."""

    enrolment_id: int
    status: PresenceStatus
    minutes: int


def roll_call_reasons(entries: Sequence[Entry], roster: Collection[int], planned_minutes: int) -> list[Reason]:
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
        reasons.extend(presence_reasons(entry.status, entry.minutes, planned_minutes, f"{field}.minutes"))
    if missing := len(set(roster) - named):
        reasons.append(Reason("missing_from_the_roll", {"n": missing}, "entries"))
    return reasons


def presence_reasons(status: PresenceStatus, minutes: int, planned_minutes: int, field: str) -> list[Reason]:
    """Return why a presence is impossible: minutes while absent, none while present, more than planned."""
    if status not in ATTENDING:
        return [Reason("minutes_while_absent", field=field)] if minutes else []
    if minutes <= 0:
        return [Reason("present_without_minutes", field=field)]
    if minutes > planned_minutes:
        return [Reason("minutes_above_planned", {"planned_minutes": planned_minutes}, field)]
    return []
