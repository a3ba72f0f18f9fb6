"""A cohort's moves: which are allowed, what each requires, what each changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle.rules import (
    BACK,
    FORWARD,
    Situation,
    allowed_moves,
    consequences,
    move_due,
    move_reasons,
    needs_reason,
    starts_early,
)
from app.cohorts.rules import cohort_reasons
from app.platform.errors import Reason

C, E = CohortState, EnrolmentState
FIRST, LAST = date(2026, 1, 12), date(2026, 5, 1)


def cohort(state: CohortState, today: date = FIRST, people: Mapping[EnrolmentState, int] | None = None) -> Situation:
    """Return a cohort of an open college that takes applications."""
    return Situation(state, FIRST, LAST, today, college_is_open=True, applications_open=True, people=people or {})


def coded(reasons: list[Reason]) -> list[tuple[str, object]]:
    """Return the code and the number of each reason."""
    return [(r.code, r.params.get("n")) for r in reasons]


def test_every_state_leads_somewhere_and_every_move_has_a_way_back() -> None:
    assert all(allowed_moves(state) for state in C)
    forward = {(state, to) for state in C for to in FORWARD.get(state, ())}
    assert forward == {(to, state) for state in C for to in BACK.get(state, ())}


@pytest.mark.parametrize(("state", "to"), [(C.DRAFT, C.RUNNING), (C.OPEN, C.ARCHIVED), (C.ARCHIVED, C.RUNNING)])
def test_move_that_skips_a_state_is_refused(state: CohortState, to: CohortState) -> None:
    assert coded(move_reasons(cohort(state), to, "Pourquoi pas.")) == [("cohort_move_not_allowed", None)]


def test_draft_opens_in_an_open_college_before_its_last_day() -> None:
    assert move_reasons(cohort(C.DRAFT), C.OPEN, None) == []
    assert coded(move_reasons(cohort(C.DRAFT, LAST), C.OPEN, None)) == [("cohort_dates_past", None)]
    closed = replace(cohort(C.DRAFT), college_is_open=False)
    assert coded(move_reasons(closed, C.OPEN, None)) == [("college_closed", None)]


def test_opening_says_whether_applications_come() -> None:
    assert coded(consequences(cohort(C.DRAFT), C.OPEN)) == [("applications_begin", None)]
    shut = replace(cohort(C.DRAFT), applications_open=False)
    assert coded(consequences(shut, C.OPEN)) == [("applications_stay_closed", None)]


def test_cohort_starts_early_before_its_first_day_only() -> None:
    days = [FIRST + timedelta(days=n) for n in (-1, 0, 1)]
    assert [starts_early(cohort(C.OPEN, day)) for day in days] == [True, False, False]


def test_start_before_the_first_day_takes_a_reason() -> None:
    early = cohort(C.OPEN, FIRST - timedelta(days=30), {E.ADMITTED: 6, E.APPLIED: 2})
    reasons = move_reasons(early, C.RUNNING, None)
    assert [(r.code, r.params, r.field) for r in reasons] == [("starts_early", {"starts_on": "2026-01-12"}, "reason")]
    assert move_reasons(early, C.RUNNING, "Salle libre plus tôt.") == []
    assert coded(consequences(early, C.RUNNING)) == [
        ("become_active", 6), ("days_early", 30), ("stay_applied", 2), ("applications_go_on", None),
    ]  # fmt: skip


def test_start_leaves_ones_own_enrolment_to_another_person() -> None:
    own = replace(cohort(C.OPEN, FIRST, {E.ADMITTED: 3}), own={E.ADMITTED: 1}, applications_open=False)
    assert move_reasons(own, C.RUNNING, None) == []
    assert coded(consequences(own, C.RUNNING)) == [("become_active", 2), ("own_waits", 1)]


@pytest.mark.parametrize(("to", "state"), [(C.CLOSED, E.ACTIVE), (C.CLOSED, E.ON_LEAVE), (C.OPEN, E.ACTIVE)])
def test_move_that_changes_ones_own_enrolment_is_another_persons(to: CohortState, state: EnrolmentState) -> None:
    own = replace(cohort(C.RUNNING, LAST, {state: 2}), own={state: 1})
    assert coded(move_reasons(own, to, "Fin.", leave_incomplete=True))[0] == ("own_enrolment", 1)
    completed = replace(cohort(C.RUNNING, LAST, {E.COMPLETED: 2}), own={E.COMPLETED: 1})
    assert move_reasons(completed, C.CLOSED, "Fin.") == []


def test_cohort_is_archived_once_everyone_was_answered() -> None:
    waiting = replace(cohort(C.CLOSED, LAST, {E.APPLIED: 1, E.COMPLETED: 5}), proposals=3)
    reasons = [("applications_unanswered", 1), ("proposals_waiting", 3)]
    assert coded(move_reasons(waiting, C.ARCHIVED, None)) == reasons


@pytest.mark.parametrize(("state", "to"), [(C.RUNNING, C.CLOSED), (C.CLOSED, C.ARCHIVED)])
def test_what_of_the_calendar_is_not_done_is_read_before_the_end(state: CohortState, to: CohortState) -> None:
    unfinished = replace(cohort(state, LAST), sessions_to_come=2, calls_open=1)
    changes = coded(consequences(unfinished, to))
    assert changes[:2] == [("sessions_to_come", 2), ("calls_open", 1)]
    assert changes[2:] == coded(consequences(cohort(state, LAST), to))


def test_cohort_closes_once_everyone_was_answered_and_began() -> None:
    waiting = replace(cohort(C.RUNNING, LAST, {E.APPLIED: 1, E.ADMITTED: 2, E.COMPLETED: 5}), proposals=3)
    reasons = [("applications_unanswered", 1), ("admitted_waiting", 2), ("proposals_waiting", 3)]
    assert coded(move_reasons(waiting, C.CLOSED, "Fin.", leave_incomplete=True)) == reasons
    finished = cohort(C.RUNNING, LAST, {E.COMPLETED: 5})
    assert move_reasons(finished, C.CLOSED, None) == []
    changes = [("stay_completed", 5), ("applications_end", None), ("nobody_enters", None)]
    assert coded(consequences(finished, C.CLOSED)) == changes


def test_who_has_not_finished_becomes_incomplete_only_when_confirmed_with_a_reason() -> None:
    running = cohort(C.RUNNING, LAST, {E.ACTIVE: 2, E.ON_LEAVE: 1})
    assert coded(move_reasons(running, C.CLOSED, "Fin.")) == [("people_unfinished", 3)]
    unexplained = move_reasons(running, C.CLOSED, None, leave_incomplete=True)
    assert [(r.code, r.field) for r in unexplained] == [("reason_needed", "reason")]
    assert move_reasons(running, C.CLOSED, "Fin.", leave_incomplete=True) == []
    assert ("become_incomplete", 3) in coded(consequences(running, C.CLOSED))


def test_closing_early_or_without_a_start_takes_a_reason() -> None:
    assert coded(move_reasons(cohort(C.RUNNING, FIRST), C.CLOSED, None)) == [("reason_needed", None)]
    assert coded(move_reasons(cohort(C.OPEN, LAST), C.CLOSED, None)) == [("reason_needed", None)]
    assert move_reasons(cohort(C.OPEN), C.CLOSED, "Trop peu de demandes.") == []


def test_archive_makes_a_cohort_read_only() -> None:
    assert move_reasons(cohort(C.CLOSED), C.ARCHIVED, None) == []
    assert coded(consequences(cohort(C.CLOSED), C.ARCHIVED))[0] == ("read_only", None)
    assert coded(move_reasons(cohort(C.DRAFT), C.ARCHIVED, None)) == [("reason_needed", None)]


@pytest.mark.parametrize(("state", "to"), [(state, to) for state in C for to in BACK.get(state, ())])
def test_every_move_back_takes_a_reason(state: CohortState, to: CohortState) -> None:
    assert needs_reason(cohort(state), to)
    assert coded(move_reasons(cohort(state), to, None)) == [("reason_needed", None)]
    assert move_reasons(cohort(state), to, "Une erreur.") == []


def test_opening_is_taken_back_while_nobody_applied() -> None:
    for state in (C.OPEN, C.ARCHIVED):
        refused = cohort(state, people={E.REFUSED: 1})
        assert coded(move_reasons(refused, C.DRAFT, "Erreur.")) == [("cohort_has_people", 1)]
    assert coded(consequences(cohort(C.OPEN), C.DRAFT)) == [("hidden_from_applicants", None)]


def test_start_is_taken_back_while_nothing_was_recorded() -> None:
    started = cohort(C.RUNNING, people={E.ACTIVE: 4})
    assert move_reasons(started, C.OPEN, "Trop tôt.") == []
    assert ("become_admitted", 4) in coded(consequences(started, C.OPEN))
    assert coded(move_reasons(replace(started, recorded=2), C.OPEN, "Erreur.")) == [("people_have_records", 2)]
    left = cohort(C.RUNNING, people={E.ACTIVE: 4, E.ON_LEAVE: 1})
    assert coded(move_reasons(left, C.OPEN, "Erreur.")) == [("people_moved_on", 1)]


def test_closed_cohort_reopens_with_its_people_as_they_are() -> None:
    closed = cohort(C.CLOSED, people={E.INCOMPLETE: 3, E.COMPLETED: 2})
    assert coded(consequences(closed, C.RUNNING)) == [("incomplete_stay", 3), ("people_enter_again", None)]
    assert coded(move_reasons(closed, C.OPEN, "Erreur.")) == [("people_moved_on", 5)]
    assert coded(consequences(cohort(C.ARCHIVED), C.CLOSED)) == [("written_again", None)]


def test_dates_call_for_a_start_and_an_end() -> None:
    day = timedelta(days=1)
    asked = [(C.OPEN, FIRST - day), (C.OPEN, FIRST), (C.RUNNING, LAST), (C.RUNNING, LAST + day), (C.DRAFT, LAST)]
    due = [move_due(state, FIRST, LAST, today) for state, today in asked]
    assert due == [None, C.RUNNING, None, C.CLOSED, None]


@pytest.mark.parametrize(
    ("state", "to", "code"),
    [
        (C.DRAFT, E.APPLIED, "cohort_not_running"), (C.OPEN, E.ACTIVE, "cohort_not_running"),
        (C.CLOSED, E.ADMITTED, "cohort_closed"), (C.CLOSED, E.ACTIVE, "cohort_closed"),
        (C.ARCHIVED, E.WITHDRAWN, "cohort_archived"),
    ],
)  # fmt: skip
def test_enrolment_does_not_enter_what_its_cohort_halts(state: CohortState, to: EnrolmentState, code: str) -> None:
    assert coded(cohort_reasons(state, to)) == [(code, None)]


def test_enrolment_moves_freely_in_a_running_cohort_and_ends_in_a_closed_one() -> None:
    assert [cohort_reasons(C.RUNNING, to) for to in E] == [[]] * len(E)
    assert cohort_reasons(C.OPEN, E.ADMITTED) == cohort_reasons(C.CLOSED, E.WITHDRAWN) == []


situations = st.builds(
    Situation,
    state=st.sampled_from(C),
    starts_on=st.just(FIRST),
    ends_on=st.just(LAST),
    today=st.dates(FIRST - timedelta(days=60), LAST + timedelta(days=60)),
    college_is_open=st.booleans(),
    applications_open=st.booleans(),
    people=st.dictionaries(st.sampled_from(E), st.integers(0, 3)),
    own=st.dictionaries(st.sampled_from(E), st.integers(0, 1), max_size=1),
    proposals=st.integers(0, 1),
    recorded=st.integers(0, 1),
    sessions_to_come=st.integers(0, 1),
    calls_open=st.integers(0, 1),
)


@settings(deadline=None)
@given(situations, st.sampled_from(C), st.booleans())
def test_move_is_made_with_its_consequences_or_refused_with_its_reasons(
    situation: Situation, to: CohortState, leave_incomplete: bool
) -> None:
    reasons = move_reasons(situation, to, "Une raison.", leave_incomplete=leave_incomplete)
    if to not in allowed_moves(situation.state):
        assert coded(reasons) == [("cohort_move_not_allowed", None)]
    elif not reasons:
        assert consequences(situation, to)
        closes = situation.state in {C.OPEN, C.RUNNING} and to is C.CLOSED
        ends = closes or to is C.ARCHIVED
        left = situation.count(E.APPLIED, E.WAITLISTED, E.OFFERED, E.ADMITTED)
        assert not ends or left == 0, "nobody is left without an answer"
        assert not closes or situation.count_own(E.ACTIVE, E.ON_LEAVE) == 0 or situation.state is C.OPEN
        assert not closes or leave_incomplete or situation.count(E.ACTIVE, E.ON_LEAVE) == 0
