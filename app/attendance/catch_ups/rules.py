"""Pure rules of catch-ups: which activities a person missed for good."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session of the person's cohort; ``minutes`` is ``None`` when no roll call names the person."""

    activity_code: str
    on: date
    is_past: bool
    minutes: int | None


def missed(sessions: Sequence[HeldSession], caught_up: Collection[str], joined_on: date) -> dict[str, date]:
    """Return the activities missed for good, with the day of their last session (S2).

    Missed means: held before joining or recorded with 0 minutes, with no other session to come, no
    minute in any session and no catch-up assigned yet.
    """
    last_days: dict[str, date] = {}
    settled = {s.activity_code for s in sessions if s.minutes or not s.is_past} | set(caught_up)
    for session in sessions:
        absent = session.minutes == 0 or session.on < joined_on
        if absent and session.activity_code not in settled:
            last_days[session.activity_code] = max(session.on, last_days.get(session.activity_code, session.on))
    return last_days
