"""Pure rules of catch-ups: which activities a person missed for good, and what is decided of them as a whole (S2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from app.platform.errors import Reason


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


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of a missed workshop: made up before ``due_on``, or waived for a reason."""

    activity_code: str
    due_on: date | None
    waived_because: str | None


def list_reasons(
    decisions: Sequence[Decision], undecided: Collection[str], decided: Collection[str], day: date
) -> list[Reason]:
    """Return why a person's list of catch-ups cannot be decided so: it is decided as a whole (S2).

    Each workshop that is ``undecided`` has its decision; one ``decided`` but not made up yet may have another.
    """
    reasons = []
    named: set[str] = set()
    for index, decision in enumerate(decisions):
        field, code = f"items.{index}", decision.activity_code
        if code not in undecided and code not in decided:
            reasons.append(Reason("not_missed", {"activity": code}, f"{field}.activity_code"))
        elif code in named:
            reasons.append(Reason("twice_in_the_list", {"activity": code}, f"{field}.activity_code"))
        elif (decision.due_on is None) == (decision.waived_because is None):
            reasons.append(Reason("due_or_waived", field=f"{field}.due_on"))
        elif decision.due_on is not None and decision.due_on < day:
            reasons.append(Reason("due_in_past", field=f"{field}.due_on"))
        named.add(code)
    return reasons + [Reason("left_out_of_list", {"activity": c}, "items") for c in sorted(set(undecided) - named)]
