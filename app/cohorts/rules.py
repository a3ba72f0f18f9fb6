"""Pure rules of enrolments: allowed changes of state, and the conditions of an admission."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from app.cohorts.enums import CohortState, EnrolmentState
from app.platform.errors import Reason

S = EnrolmentState

FORWARD: Mapping[S, frozenset[S]] = {
    S.APPLIED: frozenset({S.ADMITTED, S.WAITLISTED, S.REFUSED, S.DECLINED, S.WITHDRAWN}),
    S.WAITLISTED: frozenset({S.ADMITTED, S.REFUSED, S.DECLINED}),
    S.OFFERED: frozenset({S.ADMITTED, S.REFUSED, S.DECLINED}),
    S.ADMITTED: frozenset({S.ACTIVE, S.WITHDRAWN}),
    S.ACTIVE: frozenset({S.COMPLETED, S.ON_LEAVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED, S.FAILED}),
    S.ON_LEAVE: frozenset({S.ACTIVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED}),
    S.INCOMPLETE: frozenset({S.ACTIVE, S.WITHDRAWN}),
}
"""The states that each state ordinarily changes to (BR-04).

Nobody chooses ``offered``: a free seat is offered to the first person of the waitlist (``waitlist/filling.py``).
"""

BACK: Mapping[S, frozenset[S]] = {
    S.WAITLISTED: frozenset({S.APPLIED}),
    S.ADMITTED: frozenset({S.APPLIED}),
    S.ACTIVE: frozenset({S.ADMITTED}),
    S.REFUSED: frozenset({S.APPLIED}),
    S.DECLINED: frozenset({S.APPLIED}),
    S.WITHDRAWN: frozenset({S.APPLIED, S.ADMITTED, S.ACTIVE}),
    S.TRANSFERRED: frozenset({S.ACTIVE}),
    S.FAILED: frozenset({S.ACTIVE}),
    S.COMPLETED: frozenset({S.ACTIVE}),
}
"""The states that each state returns to, with a reason: a mistake corrected, a decision reconsidered, a return.

Both changes stay in the history. Who had begun returns as active; who had not, as applied or admitted.
"""

MOVES: Mapping[S, frozenset[S]] = {state: FORWARD.get(state, frozenset()) | BACK.get(state, frozenset()) for state in S}
"""The states that each state may change to."""

MOST_SEATS = 200
"""The largest capacity of a cohort."""

SEATED = frozenset({S.OFFERED, S.ADMITTED, S.ACTIVE, S.ON_LEAVE, S.COMPLETED, S.INCOMPLETE})
"""States that count against the cohort's capacity: an offer takes its seat while it stands."""

PENDING = frozenset({S.APPLIED, S.WAITLISTED, S.OFFERED})
"""States of an application that is not yet an admission."""

AGAIN = frozenset({S.REFUSED, S.DECLINED, S.WITHDRAWN})
"""States from which a person who had not begun may apply to the cohort again."""

NOT_ADMITTED = PENDING | {S.REFUSED, S.DECLINED}
"""States of an application that was not answered yet, or that came to nothing."""

LEFT = frozenset({S.REFUSED, S.DECLINED, S.WITHDRAWN, S.TRANSFERRED})
"""States that end the person's part in the cohort: they keep the right to read their own file only."""

FOLLOWING = frozenset({S.ACTIVE, S.COMPLETED})
"""States whose holders are on the roll of a session."""

NEEDS_REASON = frozenset({S.REFUSED, S.ON_LEAVE, S.INCOMPLETE, S.WITHDRAWN, S.TRANSFERRED, S.FAILED})
"""States that an enrolment enters only with a reason."""


def allowed_moves(current: S, *, begun: bool) -> frozenset[S]:
    """Return the states that an enrolment may change to; ``begun`` when the person had a first day in the cohort."""
    unlike = frozenset({S.APPLIED, S.ADMITTED}) if begun else frozenset({S.ACTIVE})
    back = BACK.get(current, frozenset())
    return FORWARD.get(current, frozenset()) | (back - unlike if current in {S.WITHDRAWN, S.TRANSFERRED} else back)


def move_reasons(current: S, to: S, reason: str | None, *, begun: bool = False) -> list[Reason]:
    """Return why an enrolment may not change to a state (BR-04); empty when it may."""
    reasons = []
    if to not in allowed_moves(current, begun=begun):
        reasons.append(Reason("move_not_allowed", {"from_state": current.value, "to_state": to.value}, "to"))
    elif (to in NEEDS_REASON or to in BACK.get(current, frozenset())) and not reason:
        reasons.append(Reason("reason_needed", field="reason"))
    return reasons


def apply_reasons(current: S | None, *, begun: bool) -> list[Reason]:
    """Return why a person may not apply to a cohort where their enrolment is in a state; empty when they may.

    Who had begun comes back by the college: an application, and its end by its author, would take them out of the
    people whom the funder trained.
    """
    if current is None or (current in AGAIN and not begun):
        return []
    return [Reason("had_begun" if current in AGAIN else "already_applied")]


def late_join_limit(starts_on: date, ends_on: date, pct: int) -> date:
    """Return the last day to join without an exception: ``pct`` percent of the cohort's calendar (S2)."""
    return starts_on + timedelta(days=(ends_on - starts_on).days * pct // 100)


class WithCalendar(Protocol):
    """What has the dates of a cohort and its limit to join late."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def late_join_pct(self) -> int: ...


def last_day_to_join(cohort: WithCalendar) -> date:
    """Return the last day to join a cohort without an exception."""
    return late_join_limit(cohort.starts_on, cohort.ends_on, cohort.late_join_pct)


def takes_two(current: S, to: S, *, eligible: bool) -> bool:
    """Return whether a change takes two people: a failure, completion without eligibility, or completion taken back.

    ``eligible``: the facts allow some certificate of the path.
    """
    return current is S.COMPLETED or to is S.FAILED or (to is S.COMPLETED and not eligible)


TAKES_PEOPLE = frozenset({CohortState.OPEN, CohortState.RUNNING})
"""States of a cohort that may take applications."""

_HALTED: Mapping[CohortState, tuple[frozenset[S], str]] = {
    CohortState.DRAFT: (frozenset(S), "cohort_not_running"),
    CohortState.OPEN: (frozenset({S.ACTIVE}), "cohort_not_running"),
    CohortState.CLOSED: (PENDING | {S.ADMITTED, S.ACTIVE, S.ON_LEAVE}, "cohort_closed"),
    CohortState.ARCHIVED: (frozenset(S), "cohort_archived"),
}
"""The states that an enrolment does not enter while its cohort is in a state, and the code of that reason."""


def cohort_reasons(cohort: CohortState, to: S) -> list[Reason]:
    """Return why the cohort's own state keeps an enrolment from a state: nobody begins before it, or after its end."""
    halted, code = _HALTED.get(cohort, (frozenset(), ""))
    return [Reason(code)] if to in halted else []


def failing_reasons(to: S, *, under_review: bool) -> list[Reason]:
    """Return why an enrolment is not closed as failed: a review of a judgement is open, and the person goes on (S5)."""
    return [Reason("review_open", field="to")] if to is S.FAILED and under_review else []


def admission_reasons(*, seated: int, capacity: int, exceptions: Sequence[Reason], reason: str | None) -> list[Reason]:
    """Return why a person may not be admitted: no seat is left, or it takes an exception and none has a reason."""
    full = [Reason("cohort_full", {"capacity": capacity})] if seated >= capacity else []
    return full if reason else [*full, *exceptions]


def condition_exceptions(current: S, to: S, *, meets: bool) -> list[Reason]:
    """Return what an answer makes an exception to, for who does not meet the conditions of the path.

    A seat, or a place on the waitlist, decides it once: who waits for a seat was granted the exception.
    """
    is_answer = current is S.APPLIED and to in {S.ADMITTED, S.WAITLISTED}
    return [Reason("condition_unmet", field="reason")] if is_answer and not meets else []


def admission_exceptions(*, joins_on: date, limit: date, passed_over: int) -> list[Reason]:
    """Return what only an exception with a reason allows: an admission too late (S2), or before others who wait.

    ``passed_over`` is how many people of the waitlist come before the person.
    """
    reasons = []
    if joins_on > limit:
        reasons.append(Reason("too_late_to_join", {"limit_on": limit.isoformat()}, "reason"))
    if passed_over:
        reasons.append(Reason("waitlist_first", {"n": passed_over}, "reason"))
    return reasons
