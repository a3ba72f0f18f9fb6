"""Pure rules of lateness and risk, computed when progress is read, as they depend on the day."""

from datetime import date, timedelta

from app.curricula.schemas import Curriculum
from app.progress.schemas import Progress, State, StoredReason

LATE_BY = timedelta(days=14)
"""An enrolment whose next due date is older than this is at risk; computed when read, never stored."""

REMINDED_FOR = timedelta(days=7)
"""How long after its due date a reminder of late work may still come: a worker that was away makes up for it."""


def is_late(next_due_on: date | None, today: date) -> bool:
    """Return whether something due is not done."""
    return next_due_on is not None and next_due_on < today


def late_work(progress: Progress, today: date) -> list[tuple[str, date]]:
    """Return the works to hand in, ``(activity, due date)``, that were due lately and that nobody has handed in."""
    due_lately = [m for m in progress.modules if today - REMINDED_FOR <= m.due_on < today and m.state is State.OPEN]
    return [
        (activity.code, module.due_on)
        for module in due_lately
        for activity in module.activities
        if activity.state is State.OPEN and any(why.code == "hand_in_missing" for why in activity.why)
    ]


def risk_reasons(
    next_due_on: date | None, attended: int, base: int, today: date, *, min_attendance_pct: int
) -> list[StoredReason]:
    """Return why the person is at risk: late by more than ``LATE_BY``, or attendance below the minimum.

    ``attended`` and ``base`` are minutes (BR-08).
    """
    reasons = []
    if next_due_on is not None and next_due_on < today - LATE_BY:
        reasons.append(
            StoredReason(
                code="long_late", params={"due_on": next_due_on.isoformat(), "days": (today - next_due_on).days}
            )
        )
    if base > 0 and attended * 100 < min_attendance_pct * base:
        reasons.append(
            StoredReason(code="attendance_low", params={"pct": attended * 100 // base, "needed": min_attendance_pct})
        )
    return reasons


def is_at_risk(next_due_on: date | None, attended: int, base: int, today: date, *, min_attendance_pct: int) -> bool:
    """Return whether the person is at risk (see ``risk_reasons``)."""
    return bool(risk_reasons(next_due_on, attended, base, today, min_attendance_pct=min_attendance_pct))


def required_attendance_pct(curriculum: Curriculum) -> int:
    """Return the attendance that the path's most demanding certificate requires, in percent (BR-08)."""
    return max(rule.min_attendance_pct for rule in curriculum.certificates)
