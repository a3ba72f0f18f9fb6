"""Rules of the enterprise number and of mandates' milestones (BR-14, BR-15, BR-18)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accompaniment.enterprises.rules import neq_reasons, normal_neq
from app.accompaniment.mandates.enums import MilestoneKind as K
from app.accompaniment.mandates.rules import (
    ADVISING,
    ORDER,
    Milestone,
    Stage,
    is_accompanied,
    milestone_reasons,
    next_kind,
    opening_reasons,
    stage_of,
)
from app.cohorts.enums import EnrolmentState

TODAY = date(2026, 11, 22)


def day(n: int) -> date:
    """A day of November 2026."""
    return date(2026, 11, n)


def codes(new: Milestone, dates: dict[K, date]) -> list[str]:
    """Return the codes of a milestone's reasons on 22 November."""
    return [r.code for r in milestone_reasons(new, dates, TODAY)]


@given(st.sampled_from(["11", "22", "33", "88"]), st.text("0123456789", min_size=8, max_size=8))
def test_neq_is_ten_digits_with_a_known_prefix(head: str, rest: str) -> None:
    assert neq_reasons(head + rest) == []
    assert normal_neq(f"{head}{rest[:2]} {rest[2:5]}-{rest[5:]}\N{NO-BREAK SPACE}") == head + rest


@pytest.mark.parametrize(
    "typed", ["", "1", "1212345678", "11123456789", "11 1234567", "11234567٠٠", "11234567a8", "1123456789\n1"]
)
def test_neq_of_another_form_is_refused(typed: str) -> None:
    assert [(r.code, r.field) for r in neq_reasons(normal_neq(typed))] == [("neq_form", "neq")]


def test_stage_and_next_milestone_follow_the_order() -> None:
    dates: dict[K, date] = {}
    results = []
    for n, kind in enumerate(ORDER):
        results.append((stage_of(dates), next_kind(dates), is_accompanied(dates)))
        dates[kind] = day(n + 1)
    results.append((stage_of(dates), next_kind(dates), is_accompanied(dates)))
    assert results == [
        (Stage.OPENED, K.AGREEMENT, False),
        (Stage.AGREED, K.DIAGNOSTIC, False),
        (Stage.DIAGNOSED, K.PLAN, False),
        (Stage.PLANNED, None, True),
    ]


def test_agreement_without_its_confidentiality_clause_is_refused() -> None:
    assert codes(Milestone(K.AGREEMENT, TODAY), {}) == ["confidentiality_clause_missing"]
    assert codes(Milestone(K.AGREEMENT, TODAY, confidentiality_clause=True), {}) == []


@pytest.mark.parametrize(
    ("new", "dates", "expected"),
    [
        (Milestone(K.DIAGNOSTIC, day(5)), {}, ["agreement_missing"]),
        (Milestone(K.PLAN, day(5)), {}, ["agreement_missing"]),
        (Milestone(K.PLAN, day(5)), {K.AGREEMENT: day(1)}, ["diagnostic_missing"]),
        (Milestone(K.DIAGNOSTIC, day(5)), {K.AGREEMENT: day(6)}, ["before_agreement"]),
        (Milestone(K.DIAGNOSTIC, day(5)), {K.AGREEMENT: day(5)}, []),
        (Milestone(K.PLAN, day(5)), {K.AGREEMENT: day(1), K.DIAGNOSTIC: day(6)}, ["before_diagnostic"]),
        (Milestone(K.PLAN, day(6)), {K.AGREEMENT: day(1), K.DIAGNOSTIC: day(6)}, []),
        (Milestone(K.AGREEMENT, day(9), True), {K.AGREEMENT: day(1), K.DIAGNOSTIC: day(6)}, ["after_diagnostic"]),
        (Milestone(K.DIAGNOSTIC, day(9)), {K.AGREEMENT: day(1), K.DIAGNOSTIC: day(2), K.PLAN: day(8)}, ["after_plan"]),
        (Milestone(K.DIAGNOSTIC, TODAY + timedelta(days=1)), {K.AGREEMENT: day(1)}, ["date_to_come"]),
    ],
)  # fmt: skip
def test_milestones_out_of_order_are_refused(new: Milestone, dates: dict[K, date], expected: list[str]) -> None:
    assert codes(new, dates) == expected


@given(st.lists(st.tuples(st.sampled_from(list(K)), st.integers(1, 30), st.booleans()), max_size=12))
def test_accepted_milestones_stay_in_order(attempts: list[tuple[K, int, bool]]) -> None:
    dates: dict[K, date] = {}
    for kind, n, clause in attempts:
        if not codes(Milestone(kind, day(n), clause), dates):
            dates[kind] = day(n)
    ordered = [dates[k] for k in ORDER if k in dates]
    assert ordered == sorted(ordered)
    assert list(ORDER[: len(dates)]) == [k for k in ORDER if k in dates], "never one without those before it"
    assert all(d <= TODAY for d in dates.values())


@pytest.mark.parametrize("state", EnrolmentState)
def test_mandate_opens_for_those_who_have_been_active_even_after_the_path(state: EnrolmentState) -> None:
    reasons = [r.code for r in opening_reasons(state, TODAY, TODAY)]
    assert reasons == ([] if state in ADVISING else ["not_advising"])
    assert EnrolmentState.COMPLETED in ADVISING
    assert EnrolmentState.APPLIED not in ADVISING


def test_mandate_opened_in_the_future_is_refused() -> None:
    reasons = opening_reasons(EnrolmentState.ACTIVE, TODAY + timedelta(days=1), TODAY)
    assert [(r.code, r.field) for r in reasons] == [("date_to_come", "opened_on")]
