"""Pure rules of cohorts: who may move where, who may still join, what a roll call may say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.attendance.roll_calls.enums import PresenceStatus
from app.platform.errors import Reason


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


ATTENDING = frozenset({PresenceStatus.PRESENT, PresenceStatus.LATE, PresenceStatus.LEFT_EARLY})
