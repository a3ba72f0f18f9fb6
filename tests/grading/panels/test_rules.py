"""Rules of panels: days, names, and what several levels decide."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.grading.panels import rules
from app.grading.panels.enums import Basis, PanelKind, PanelState
from app.grading.panels.rules import LastDecision, Outcome, Seat, Vote
from app.platform.errors import Reason

FRIDAY = date(2026, 11, 27)
REVIEW, COMMITTEE, DOUBLE = PanelKind.REVIEW, PanelKind.COMMITTEE, PanelKind.DOUBLE
LEVELS = (1, 2, 3, 4)


def codes(reasons: list[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def votes(*levels: int, number: int = 1, first: int = 1) -> list[Vote]:
    return [Vote(assessor, number, level) for assessor, level in enumerate(levels, start=first)]


def test_review_is_asked_until_the_last_working_day_and_not_after() -> None:
    def ask(today: date) -> list[Reason]:
        return rules.ask_reasons(LastDecision(FRIDAY), today, 10, is_current=True, is_open=False)

    assert not ask(date(2026, 12, 11))
    [late] = ask(date(2026, 12, 12))
    assert (late.code, late.params) == ("review_too_late", {"until_on": "2026-12-11", "days": 10})


@pytest.mark.parametrize(
    ("by", "is_current", "is_open", "expected"),
    [
        (None, False, False, ["judgement_replaced"]),
        (None, True, True, ["panel_open"]),
        (REVIEW, True, False, []),
        (COMMITTEE, True, False, ["appeals_exhausted"]),
    ],
)
def test_what_is_asked_of_a_judgement(
    by: PanelKind | None, is_current: bool, is_open: bool, expected: list[str]
) -> None:
    reasons = rules.ask_reasons(LastDecision(FRIDAY, by), FRIDAY, 10, is_current=is_current, is_open=is_open)
    assert codes(reasons) == expected


def test_a_review_comes_first_then_a_committee_then_nothing() -> None:
    asked = [rules.next_kind(LastDecision(FRIDAY, by)) for by in (None, REVIEW, COMMITTEE)]
    assert asked == [REVIEW, COMMITTEE, None]


@pytest.mark.parametrize(
    ("open_panels", "supersedes", "blocked"),
    [
        ([], None, False),
        ([(REVIEW, 5)], None, False),
        ([(REVIEW, 5)], 6, False),
        ([(COMMITTEE, 5)], 5, True),
        ([(DOUBLE, None)], None, True),
        ([(DOUBLE, None)], 5, True),
    ],
)
def test_nobody_replaces_alone_what_others_are_judging(
    open_panels: list[tuple[PanelKind, int | None]], supersedes: int | None, blocked: bool
) -> None:
    assert bool(rules.judging_reasons(open_panels, supersedes)) is blocked


@pytest.mark.parametrize(
    ("kind", "seated", "named", "differs", "expected"),
    [
        (REVIEW, [], [1], False, []),
        (REVIEW, [], [9], False, ["assessor_not_eligible"]),
        (REVIEW, [1], [2], False, ["panel_full"]),
        (COMMITTEE, [], [1, 2, 3], False, []),
        (COMMITTEE, [], [1, 2], False, ["assessors_wanted"]),
        (COMMITTEE, [], [1, 1, 2], False, ["assessors_wanted"]),
        (COMMITTEE, [1, 2, 3], [4], True, ["panel_full"]),
        (DOUBLE, [1, 2], [3], False, ["panel_full"]),
        (DOUBLE, [1, 2], [3], True, []),
        (DOUBLE, [1, 2], [1], True, ["assessor_not_eligible"]),
    ],
)
def test_assessors_named_are_as_many_as_are_missing_and_may_judge(
    kind: PanelKind, seated: list[int], named: list[int], differs: bool, expected: list[str]
) -> None:
    reasons = rules.naming_reasons(kind, seated, named, differs=differs, eligible={1, 2, 3, 4})
    assert codes(reasons) == expected


def test_who_replaces_an_assessor_takes_their_place_also_when_replaced_in_turn() -> None:
    seats = [Seat(1, 11), Seat(2, 12), Seat(3, 13), Seat(4, 14, 2), Seat(5, 15, 4)]
    assert rules.current_assessors(seats) == [11, 15, 13]


@pytest.mark.parametrize(
    ("kind", "seats", "given_levels", "able", "expected"),
    [
        (REVIEW, [1], [], {1}, []),
        (REVIEW, [1], [], set(), [1]),
        (REVIEW, [], [], set(), []),
        (COMMITTEE, [1, 2, 3], votes(2), {2}, [3]),
        (COMMITTEE, [1, 2, 3], votes(2, 3, 4), {1, 2}, [3]),
        (DOUBLE, [1, 2], votes(2), set(), [2]),
        (DOUBLE, [1, 2], votes(2, 3), set(), []),
        (DOUBLE, [1, 2, 3], votes(2, 3), {1, 2}, [3]),
        (DOUBLE, [1, 2, 3], votes(2, 3), {3}, []),
    ],
)
def test_assessor_who_may_no_longer_judge_is_replaced_where_the_panel_waits_for_them(
    kind: PanelKind, seats: list[int], given_levels: list[Vote], able: set[int], expected: list[int]
) -> None:
    assert rules.vacant_seats(kind, seats, given_levels, able) == expected


def test_level_of_who_was_replaced_or_declared_an_interest_counts_no_more_until_the_decision() -> None:
    seats = [Seat(1, 11), Seat(2, 12, declared=True), Seat(3, 13), Seat(4, 14, 1)]
    given_levels = votes(1, 2, 3, 4, first=11)
    assert [v.assessor_id for v in rules.counted_votes(seats, given_levels)] == [13, 14]
    assert [v.assessor_id for v in rules.counted_votes(seats, given_levels, decided=True)] == [12, 13, 14]


def test_as_many_are_named_as_are_replaced() -> None:
    def name(named: list[int]) -> list[str]:
        reasons = rules.naming_reasons(COMMITTEE, [1, 2, 3], named, differs=False, eligible={4, 5}, vacant=1)
        return codes(reasons)

    assert name([4]) == []
    assert name([4, 5]) == ["assessors_wanted"]


def test_one_reviewer_decides_alone() -> None:
    assert rules.outcome(REVIEW, [1], []) is None
    assert rules.outcome(REVIEW, [1], votes(3)) == Outcome(3, Basis.SINGLE, 1)


def test_two_of_one_level_agree_and_after_conferring_it_is_a_consensus() -> None:
    assert rules.outcome(DOUBLE, [1, 2], votes(3)) is None
    assert rules.outcome(DOUBLE, [1, 2], votes(3, 3)) == Outcome(3, Basis.AGREEMENT, 1)
    both = [*votes(2, 3), *votes(3, 3, number=2)]
    assert rules.outcome(DOUBLE, [1, 2], both) == Outcome(3, Basis.CONSENSUS, 1)


@pytest.mark.parametrize(("one", "other"), [pair for pair in product(LEVELS, LEVELS) if pair[0] != pair[1]])
def test_two_that_differ_decide_nothing_by_themselves_on_whatever_side_of_a_threshold(one: int, other: int) -> None:
    assert rules.outcome(DOUBLE, [1, 2], votes(one, other)) is None
    assert rules.state_of(DOUBLE, [1, 2], votes(one, other), decided=False) is PanelState.DIFFERING


@given(first=st.sampled_from(LEVELS), second=st.sampled_from(LEVELS), third=st.sampled_from(LEVELS))
def test_nobody_averages_a_level_decided_is_one_that_someone_gave(first: int, second: int, third: int) -> None:
    for kind, seats, given_levels in (
        (DOUBLE, [1, 2], (first, second)),
        (COMMITTEE, [1, 2, 3], (first, second, third)),
    ):
        found = rules.outcome(kind, seats, votes(*given_levels))
        if found is not None:
            assert given_levels[found.assessor_id - 1] == found.level
            assert given_levels.count(found.level) >= 2


PLAYED = st.tuples(st.sampled_from(("speak", "speak", "declare", "name")), st.integers(0, 2), st.sampled_from(LEVELS))


@given(kind=st.sampled_from(PanelKind), steps=st.lists(PLAYED, max_size=25))
def test_whoever_declares_during_a_panel_decides_nothing_and_its_place_is_open_to_another(
    kind: PanelKind, steps: list[tuple[str, int, int]]
) -> None:
    seats, given_levels = [Seat(n, n) for n in range(1, rules.SEATS[kind] + 1)], list[Vote]()
    for verb, place, level in steps:
        current, counted = rules.current_assessors(seats), rules.counted_votes(seats, given_levels)
        declared = {seat.assessor_id for seat in seats if seat.declared}
        assessor = current[place % len(current)]
        vacant = rules.vacant_seats(kind, current, counted, set(current) - declared)
        differs = rules.state_of(kind, current, counted, decided=False) is PanelState.DIFFERING
        blocking = declared & set(rules.awaited(kind, current, counted))
        assert not blocking or vacant or differs, "a place is open to another, or a third one decides"
        if verb == "declare":
            seats = [replace(seat, declared=seat.declared or seat.assessor_id == assessor) for seat in seats]
        elif verb == "name":
            replaced = [seat.id for seat in seats if seat.assessor_id in vacant]
            wanted = rules.wanted_seats(kind, len(current), differs=differs, vacant=len(vacant))
            for former in [*replaced, *[None] * (wanted - len(replaced))]:
                seats.append(Seat(len(seats) + 1, len(seats) + 1, former))
        elif assessor not in declared and not rules.speaking_reasons(kind, current, counted, assessor):
            given_levels.append(Vote(assessor, rules.speaking_round(kind, current, counted, assessor), level))
            counted = rules.counted_votes(seats, given_levels)
            decided = rules.outcome(kind, current, counted)
            if decided is not None:
                assert decided.assessor_id not in declared
                last = {vote.assessor_id: vote.level for vote in given_levels if vote.assessor_id not in declared}
                same = sum(level == decided.level for level in last.values())
                assert last[decided.assessor_id] == decided.level
                assert same >= (1 if decided.basis in {Basis.SINGLE, Basis.THIRD} else 2)
                return


def test_third_assessor_decides_what_two_left_open() -> None:
    three = [*votes(2, 4), Vote(3, 2, 3)]
    assert rules.outcome(DOUBLE, [1, 2, 3], three) == Outcome(3, Basis.THIRD, 3)
    assert rules.outcome(DOUBLE, [1, 2, 3], votes(2, 4)) is None


def test_committee_decides_once_all_three_have_spoken_by_consensus_or_majority() -> None:
    seats = [1, 2, 3]
    assert rules.outcome(COMMITTEE, seats, votes(3, 3)) is None
    assert rules.outcome(COMMITTEE, seats, votes(3, 3, 3)) == Outcome(3, Basis.AGREEMENT, 1)
    assert rules.outcome(COMMITTEE, seats, votes(2, 3, 3)) == Outcome(3, Basis.MAJORITY, 2)
    assert rules.outcome(COMMITTEE, seats, votes(2, 3, 4)) is None
    again = [*votes(2, 3, 4), *votes(3, 3, 3, number=2)]
    assert rules.outcome(COMMITTEE, seats, again) == Outcome(3, Basis.CONSENSUS, 1)


def test_state_follows_names_levels_and_decision() -> None:
    assert rules.state_of(COMMITTEE, [1, 2], [], decided=False) is PanelState.TO_NAME
    assert rules.state_of(COMMITTEE, [1, 2, 3], votes(2, 3), decided=False) is PanelState.READING
    assert rules.state_of(COMMITTEE, [1, 2, 3], votes(2, 3, 4), decided=True) is PanelState.DECIDED


def test_assessor_speaks_once_a_round_and_the_third_one_alone_after_two() -> None:
    def speaking(seats: list[int], spoken: list[Vote], assessor: int) -> list[str]:
        return codes(rules.speaking_reasons(DOUBLE, seats, spoken, assessor))

    assert speaking([1], [], 1) == ["panel_incomplete"]
    assert speaking([1, 2], votes(2), 1) == ["opinion_recorded"]
    assert speaking([1, 2], votes(2), 2) == []
    assert speaking([1, 2], votes(2, 3), 1) == []
    assert speaking([1, 2, 3], votes(2, 3), 1) == ["third_decides"]
    assert speaking([1, 2, 3], votes(2, 3), 3) == []


def test_who_joins_a_panel_speaks_in_the_round_it_is_in() -> None:
    assert rules.speaking_round(DOUBLE, [1, 2], [], 1) == 1
    assert rules.speaking_round(DOUBLE, [1, 2], votes(2), 2) == 1
    assert rules.speaking_round(DOUBLE, [1, 2], votes(2, 3), 1) == 2
    assert rules.speaking_round(DOUBLE, [1, 2, 3], votes(2, 3), 3) == 2
    conferred = [*votes(2, 3, 4), Vote(2, 2, 2)]
    left = [v for v in conferred if v.assessor_id != 1]
    assert rules.speaking_round(COMMITTEE, [5, 2, 3], left, 5) == 2
    joined = [*left, Vote(5, 2, 3)]
    assert rules.outcome(COMMITTEE, [5, 2, 3], joined) is None, "the second one no longer holds level 3"
    assert rules.awaited(COMMITTEE, [5, 2, 3], joined) == [3]


def test_review_never_lowers_the_level_that_is_contested() -> None:
    assert codes(rules.lowering_reasons(REVIEW, 1, 2)) == ["review_lowers"]
    assert not rules.lowering_reasons(REVIEW, 2, 2)
    assert not rules.lowering_reasons(DOUBLE, 1, None)
    assert not rules.lowering_reasons(PanelKind.CONFLICT, 1, 2)


def test_levels_straddle_a_threshold_when_one_reaches_it_and_another_does_not() -> None:
    assert rules.straddles([2, 3], 3)
    assert not rules.straddles([3, 4], 3)
    assert not rules.straddles([1, 2], 3)
    assert not rules.straddles([2, 3], None)
    assert not rules.straddles([], 3)


@pytest.mark.parametrize(
    ("reader", "done", "own_case", "decided", "shown"),
    [
        (1, 0, False, False, True),
        (2, 0, False, False, False),
        (2, 1, False, False, True),
        (9, 1, True, False, False),
        (9, 1, True, True, True),
    ],
)
def test_who_reads_a_level_that_someone_gave(
    reader: int, done: int, own_case: bool, decided: bool, shown: bool
) -> None:
    vote = Vote(1, 1, 3)
    assert rules.shows_opinion(vote, done, reader=reader, own_case=own_case, decided=decided) is shown
