"""Pure rules of cohorts: who may move where, who may still join, what a roll call may say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

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
