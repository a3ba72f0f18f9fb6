"""Pure rules of a cohort's life: the moves that it may make, what each requires, and what each changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.rules import PENDING
from app.platform.errors import Reason

C: TypeAlias = CohortState
E: TypeAlias = EnrolmentState

FORWARD: Mapping[C, tuple[C, ...]] = MappingProxyType(
    {C.DRAFT: (C.OPEN, C.ARCHIVED), C.OPEN: (C.RUNNING, C.CLOSED), C.RUNNING: (C.CLOSED,), C.CLOSED: (C.ARCHIVED,)}
)
"""The states that each state ordinarily moves to: a draft given up is archived, a cohort that never ran closed."""

BACK: Mapping[C, tuple[C, ...]] = MappingProxyType(
    {C.OPEN: (C.DRAFT,), C.RUNNING: (C.OPEN,), C.CLOSED: (C.RUNNING, C.OPEN), C.ARCHIVED: (C.CLOSED, C.DRAFT)}
)
"""The states that each state returns to, with a reason: a mistake corrected, a decision reconsidered."""

UNFINISHED = (E.ACTIVE, E.ON_LEAVE)
"""Who still follows the path, so that closing the cohort leaves them incomplete."""

BEGUN = (E.ACTIVE, E.ON_LEAVE, E.COMPLETED, E.INCOMPLETE, E.FAILED, E.TRANSFERRED)
"""States of people who had a first day in the cohort."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A cohort on a day: what decides whether it may move, and what a move changes.

    ``people`` is how many enrolments are in each state, ``own`` how many of these are the actor's own, whose state
    another person changes; ``proposals`` are changes that await a second person, ``recorded`` the people of whom
    something was recorded: a presence, a work, hours. ``sessions_to_come`` and ``calls_open`` are the sessions that
    have not begun, and those whose roll was not called.
    """

    state: CohortState
    starts_on: date
    ends_on: date
    today: date
    college_is_open: bool
    applications_open: bool
    people: Mapping[EnrolmentState, int] = field(default_factory=dict)
    own: Mapping[EnrolmentState, int] = field(default_factory=dict)
    proposals: int = 0
    recorded: int = 0
    sessions_to_come: int = 0
    calls_open: int = 0

    def count(self, *states: EnrolmentState) -> int:
        """Return how many enrolments are in some states."""
        return sum(self.people.get(state, 0) for state in states)

    def count_own(self, *states: EnrolmentState) -> int:
        """Return how many of the actor's own enrolments are in some states."""
        return sum(self.own.get(state, 0) for state in states)


def allowed_moves(state: CohortState) -> tuple[CohortState, ...]:
    """Return the states that a cohort may move to: those forward first."""
    return FORWARD.get(state, ()) + BACK.get(state, ())


def is_back(state: CohortState, to: CohortState) -> bool:
    """Return whether a move takes one back."""
    return to in BACK.get(state, ())


def starts_early(situation: Situation) -> bool:
    """Return whether the cohort would start before its first day, which its coordinator must mean."""
    return situation.today < situation.starts_on


def needs_reason(situation: Situation, to: CohortState, *, leaves_incomplete: bool = False) -> bool:
    """Return whether a move takes a reason: one back, an early start or end, a cohort that never ran, people left."""
    if is_back(situation.state, to) or (situation.state is C.DRAFT and to is C.ARCHIVED):
        return True
    if to is C.RUNNING:
        return starts_early(situation)
    never_ran = situation.state is C.OPEN
    return to is C.CLOSED and (never_ran or leaves_incomplete or situation.today < situation.ends_on)


def blocking_reasons(situation: Situation, to: CohortState) -> list[Reason]:
    """Return what stands in the way of a move, whatever is typed with it."""
    if to not in allowed_moves(situation.state):
        params = {"from_state": situation.state.value, "to_state": to.value}
        return [Reason("cohort_move_not_allowed", params, "to")]
    if situation.state is C.DRAFT and to is C.OPEN:
        return _opening_reasons(situation)
    reasons = _own_reasons(situation, to)
    if to is C.ARCHIVED or (to is C.CLOSED and situation.state is not C.ARCHIVED):
        return reasons + _closing_reasons(situation)
    return reasons + _return_reasons(situation, to) if is_back(situation.state, to) else reasons


def _own_reasons(situation: Situation, to: CohortState) -> list[Reason]:
    """Return why another person makes a move: it would change the actor's own enrolment (a start leaves it out)."""
    if situation.state is C.RUNNING and to in {C.CLOSED, C.OPEN}:
        return _some("own_enrolment", situation.count_own(*(UNFINISHED if to is C.CLOSED else (E.ACTIVE,))))
    return []


def _opening_reasons(situation: Situation) -> list[Reason]:
    reasons = [] if situation.college_is_open else [Reason("college_closed")]
    if situation.ends_on <= situation.today:
        reasons.append(Reason("cohort_dates_past", {"ends_on": situation.ends_on.isoformat()}))
    return reasons


def _closing_reasons(situation: Situation) -> list[Reason]:
    counted = {
        "applications_unanswered": situation.count(*PENDING),
        "admitted_waiting": situation.count(E.ADMITTED),
        "proposals_waiting": situation.proposals,
    }
    return [Reason(code, {"n": n}) for code, n in counted.items() if n]


def _return_reasons(situation: Situation, to: CohortState) -> list[Reason]:
    """Return why a cohort may not take a move back: what was done since would be denied."""
    if to is C.DRAFT:
        return _some("cohort_has_people", situation.count(*E))
    if to is C.OPEN:
        moved_on = situation.count(*BEGUN) - (situation.count(E.ACTIVE) if situation.state is C.RUNNING else 0)
        return _some("people_moved_on", moved_on) + _some("people_have_records", situation.recorded)
    return []


def _some(code: str, n: int) -> list[Reason]:
    return [Reason(code, {"n": n})] if n else []


def move_reasons(
    situation: Situation, to: CohortState, reason: str | None, *, leave_incomplete: bool = False
) -> list[Reason]:
    """Return why a cohort may not move to a state; empty when it may.

    ``leave_incomplete``: whoever has not finished when the cohort closes becomes incomplete, for the same reason.
    """
    reasons = blocking_reasons(situation, to)
    unfinished = situation.count(*UNFINISHED) if to is C.CLOSED and situation.state is C.RUNNING else 0
    if reasons:
        return reasons
    if unfinished and not leave_incomplete:
        reasons.append(Reason("people_unfinished", {"n": unfinished}, "leave_incomplete"))
    if needs_reason(situation, to, leaves_incomplete=unfinished > 0) and not reason:
        early = to is C.RUNNING and not is_back(situation.state, to)
        first_day = {"starts_on": situation.starts_on.isoformat()}
        reasons.append(Reason("starts_early" if early else "reason_needed", first_day if early else {}, "reason"))
    return reasons


def consequences(situation: Situation, to: CohortState) -> list[Reason]:
    """Return what a move changes, each with its numbers, in the order in which a page says it."""
    if to is C.RUNNING:
        return _of_reopening(situation) if situation.state is C.CLOSED else _of_start(situation)
    if to is C.OPEN:
        return _of_opening(situation)
    if to is C.CLOSED:
        return _of_closing(situation)
    if to is C.ARCHIVED:
        return [*_of_calendar(situation), Reason("read_only"), Reason("off_lists"), Reason("certificates_stay")]
    return [Reason("hidden_from_applicants")]


def _of_opening(situation: Situation) -> list[Reason]:
    changes = [Reason("applications_begin" if situation.applications_open else "applications_stay_closed")]
    return changes + _some("become_admitted", situation.count(E.ACTIVE))


def _of_start(situation: Situation) -> list[Reason]:
    own = situation.count_own(E.ADMITTED)
    starting = situation.count(E.ADMITTED) - own
    changes = [Reason("become_active", {"n": starting})]
    if starts_early(situation):
        changes.append(Reason("days_early", {"n": (situation.starts_on - situation.today).days}))
    changes += _some("own_waits", own) + _some("stay_applied", situation.count(*PENDING))
    return [*changes, Reason("applications_go_on")] if situation.applications_open else changes


def _of_closing(situation: Situation) -> list[Reason]:
    if situation.state is C.ARCHIVED:
        return [Reason("written_again")]
    changes = _some("stay_completed", situation.count(E.COMPLETED))
    changes += _some("become_incomplete", situation.count(*UNFINISHED)) + _of_calendar(situation)
    if situation.applications_open:
        changes.append(Reason("applications_end"))
    return [*changes, Reason("nobody_enters")]


def _of_calendar(situation: Situation) -> list[Reason]:
    """Return what of the calendar is not done, and stays so unless somebody sees to it first."""
    return _some("sessions_to_come", situation.sessions_to_come) + _some("calls_open", situation.calls_open)


def _of_reopening(situation: Situation) -> list[Reason]:
    return [*_some("incomplete_stay", situation.count(E.INCOMPLETE)), Reason("people_enter_again")]


def move_due(state: CohortState, starts_on: date, ends_on: date, today: date) -> CohortState | None:
    """Return the move that a cohort's dates call for: its first day has come, or its last one has passed."""
    if state is C.OPEN and starts_on <= today:
        return C.RUNNING
    return C.CLOSED if state is C.RUNNING and ends_on < today else None
