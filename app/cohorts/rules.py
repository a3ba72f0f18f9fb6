"""Pure rules of cohorts: who may move where, who may still join, what a roll call may say."""

from collections.abc import Mapping
from datetime import date, timedelta

from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason

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
