"""Rules of groups, roles and the rotation (BR-10, S4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codev.groups.rules import MAX_SIZE, MIN_SIZE, Candidate, group_reasons
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.rules import Assigned, PastTurn, Proposed, Tally, propose, role_reasons, rotation, tally
from app.cohorts.enums import EnrolmentState

DAY = date(2026, 11, 2)
C, R = CodevRole.CLIENT, CodevRole.RESERVE
OBSERVER, NOTES, DIGITAL = CodevRole.OBSERVER, CodevRole.NOTE_TAKER, CodevRole.DIGITAL_FACILITATOR


def people(size: int) -> list[Candidate]:
    """Return active people of cohort 1; the person id is 100 + the enrolment id."""
    return [Candidate(n, 100 + n, 1, EnrolmentState.ACTIVE) for n in range(1, size + 1)]


def group_codes(candidates: list[Candidate], **changes: object) -> list[tuple[str, str | None]]:
    """Return the codes and fields of a group's reasons."""
    arguments: dict[str, object] = {"cohort_id": 1, "facilitators": [999], "links": [], **changes}
    return [(r.code, r.field) for r in group_reasons(candidates, **arguments)]  # type: ignore[arg-type]


@given(st.integers(0, 12))
def test_a_group_has_four_to_eight_people(size: int) -> None:
    expected = [] if MIN_SIZE <= size <= MAX_SIZE else [("group_size", "enrolment_ids")]
    assert group_codes(people(size)) == expected


def test_group_too_small_after_departures_accepts_one_more() -> None:
    assert group_codes(people(2), minimum=1) == []
    assert group_codes(people(9), minimum=1) == [("group_size", "enrolment_ids")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cohort_id": 2}, "not_of_the_cohort"),
        ({"state": EnrolmentState.ON_LEAVE}, "member_not_active"),
        ({"person_id": 101}, "twice_in_the_group"),
        ({"elsewhere": True}, "in_another_group"),
        ({"person_id": 999}, "facilitator_is_member"),
    ],
)
def test_each_member_is_active_in_the_cohort_once_and_does_not_facilitate(change: dict[str, object], code: str) -> None:
    candidates = people(5)
    candidates[4] = replace(candidates[4], **change)  # type: ignore[arg-type]
    assert group_codes(candidates) == [(code, "enrolment_ids.4")]


@given(st.permutations([101, 102, 103, 104]), st.booleans())
def test_group_with_a_management_link_between_members_is_refused(order: list[int], inside: bool) -> None:
    link = (order[0], order[1] if inside else 500)
    assert group_codes(people(4), links=[link]) == ([("management_link", "enrolment_ids")] if inside else [])


def plan(*roles: tuple[int, int, CodevRole]) -> list[Assigned]:
    """Return roles given as (position, membership, role)."""
    return [Assigned(*r) for r in roles]


@pytest.mark.parametrize(
    ("roles", "members", "codes"),
    [
        (plan(), 4, []),
        (plan((1, 1, C), (1, 2, R)), 4, []),
        (plan((1, 1, C), (1, 2, R), (1, 3, NOTES)), 5, []),
        (plan((1, 1, C), (1, 2, R), (1, 3, NOTES)), 4, ["few_consultants"]),
        (plan((1, 1, C), (1, 2, R), (1, 3, DIGITAL)), 4, ["few_consultants"]),
        (plan((1, 1, C), (1, 2, R), (1, 3, OBSERVER)), 4, ["few_consultants"]),
        (plan((1, 1, C), (1, 2, R), (2, 3, C), (2, 4, R)), 4, []),
        (plan((1, 1, C), (1, 2, R), (2, 1, C), (2, 2, R)), 4, ["client_twice"]),
        (plan((1, 1, C)), 4, ["one_reserve"]),
        (plan((1, 1, R)), 4, ["one_client"]),
        (plan((1, 1, C), (1, 1, R)), 4, ["one_role_each"]),
        (plan((1, 1, C), (1, 2, C), (1, 3, R)), 5, ["one_client"]),
        (plan((1, 1, C), (1, 9, R)), 4, ["not_of_the_group"]),
    ],
)
def test_a_consultation_has_a_client_a_reserve_and_three_consultants(
    roles: list[Assigned], members: int, codes: list[str]
) -> None:
    assert [r.code for r in role_reasons(roles, range(1, members + 1))] == codes


def held(client: int, day: int, planned: int | None = None) -> PastTurn:
    """Return a consultation held, or swapped when another client was planned."""
    status = TurnStatus.SWAPPED if planned else TurnStatus.HELD
    return PastTurn(DAY + timedelta(days=day), client, planned or client, status)


def test_turns_are_counted_when_the_consultation_was_held() -> None:
    history = [
        held(1, 0),
        PastTurn(DAY, 2, 2, TurnStatus.POSTPONED, TurnReason.TIME),
        PastTurn(DAY, 3, 3, TurnStatus.CANCELLED, TurnReason.QUORUM),
        held(1, 7, planned=2),
        held(9, 8),
    ]
    assert tally([1, 2, 3], history) == [Tally(1, 2, DAY + timedelta(days=7)), Tally(2), Tally(3)]


def test_turn_missed_with_notice_is_owed_until_it_takes_place() -> None:
    missed = PastTurn(DAY, 2, 1, TurnStatus.SWAPPED, TurnReason.ABSENCE, excused=True)
    assert tally([1, 2], [missed]) == [Tally(1, is_owed=True), Tally(2, 1, DAY)]
    assert tally([1, 2], [missed, held(1, 7)])[0] == Tally(1, 1, DAY + timedelta(days=7))
    postponed = replace(missed, client_id=1, planned_client_id=None, status=TurnStatus.POSTPONED)
    assert tally([1], [postponed]) == [Tally(1, is_owed=True)]


@pytest.mark.parametrize("change", [{"excused": False}, {"reason": TurnReason.PASS}, {"planned_client_id": 9}])
def test_turn_is_not_owed_without_notice_nor_when_passed(change: dict[str, object]) -> None:
    missed = PastTurn(DAY, 2, 1, TurnStatus.SWAPPED, TurnReason.ABSENCE, excused=True)
    assert not any(t.is_owed for t in tally([1, 2], [replace(missed, **change)]))  # type: ignore[arg-type]


def test_rotation_orders_by_fewest_turns_then_owed_turn_then_longest_wait() -> None:
    later = DAY + timedelta(days=7)
    tallies = [Tally(1, 2, DAY), Tally(2, 1, later), Tally(3, 1, DAY), Tally(4, 1, later, is_owed=True), Tally(5, 0)]
    assert rotation(tallies) == [5, 4, 3, 2, 1]
    assert rotation(tallies, passing=[5, 3]) == [4, 2, 1]


def test_reserve_is_no_client_of_the_day_when_possible() -> None:
    tallies = [Tally(n) for n in (1, 2, 3)]
    assert propose(tallies, 1) == [Proposed(1, 1, 2)]
    assert propose(tallies, 2) == [Proposed(1, 1, 3), Proposed(2, 2, 3)]
    assert propose(tallies, 4) == [Proposed(1, 1, 2), Proposed(2, 2, 3), Proposed(3, 3, 1)]
    assert propose(tallies, 2, passing=[1, 2]) == []


@given(size=st.integers(4, 8), at_once=st.integers(1, 4), meetings=st.integers(1, 24))
def test_the_rotation_is_fair(size: int, at_once: int, meetings: int) -> None:
    """At any moment turns differ by one at most; after k·n turns everybody has had k."""
    history: list[PastTurn] = []
    for meeting in range(meetings):
        for proposed in propose(tally(range(1, size + 1), history), at_once):
            assert proposed.client_id != proposed.reserve_id
            history.append(held(proposed.client_id, meeting * 14))
        turns = [t.turns for t in tally(range(1, size + 1), history)]
        assert max(turns) - min(turns) <= 1
        if len(history) % size == 0:
            assert set(turns) == {len(history) // size}


@given(size=st.integers(4, 8), data=st.data())
def test_nobody_is_client_twice_before_everyone_willing_was_once_whatever_happens(
    size: int, data: st.DataObject
) -> None:
    """Any history of absences, swaps, passes and postponed turns: the next client had no more turns than who waits."""
    members = range(1, size + 1)
    history: list[PastTurn] = []
    for meeting in range(data.draw(st.integers(1, 10))):
        on = DAY + timedelta(days=meeting)
        passing = data.draw(st.sets(st.sampled_from(members), max_size=size - 2))
        absent = data.draw(st.sets(st.sampled_from(members), max_size=size - 1))
        before = {t.membership_id: t.turns for t in tally(members, history)}
        today: set[int] = set()
        for proposed in propose(tally(members, history), data.draw(st.integers(1, 2)), passing):
            planned, excused = proposed.client_id, data.draw(st.booleans())
            willing = [m for m in rotation(tally(members, history), passing) if m not in absent | today]
            if planned not in absent | today and not data.draw(st.booleans()):
                willing = [planned]  # nobody takes their turn
            if not willing:
                history.append(PastTurn(on, planned, planned, TurnStatus.POSTPONED, TurnReason.ABSENCE, excused))
                continue
            client = willing[0]
            status = TurnStatus.HELD if client == planned else TurnStatus.SWAPPED
            reason = None if client == planned else TurnReason.ABSENCE
            history.append(PastTurn(on, client, planned, status, reason, excused=excused and planned in absent))
            today.add(client)
        waiting = set(members) - passing - absent - today
        assert all(before[client] <= before[m] for client in today for m in waiting)
        if any(before[client] >= 1 for client in today):
            assert all(before[m] >= 1 for m in waiting)


@given(size=st.integers(4, 8), data=st.data())
def test_rotation_stays_fair_to_those_present_despite_absences_and_passes(size: int, data: st.DataObject) -> None:
    """A member who attends and does not pass goes before those with more turns."""
    members = range(1, size + 1)
    history: list[PastTurn] = []
    for meeting in range(data.draw(st.integers(1, 12))):
        passing = data.draw(st.sets(st.sampled_from(members), max_size=size - 2))
        before = {t.membership_id: t.turns for t in tally(members, history)}
        (proposed,) = propose(tally(members, history), 1, passing)
        assert proposed.client_id not in passing
        assert before[proposed.client_id] == min(n for m, n in before.items() if m not in passing)
        is_absent = data.draw(st.booleans())
        on = DAY + timedelta(days=meeting)
        history.append(
            PastTurn(on, proposed.reserve_id, proposed.client_id, TurnStatus.SWAPPED, TurnReason.ABSENCE, excused=True)
            if is_absent
            else PastTurn(on, proposed.client_id, proposed.client_id, TurnStatus.HELD)
        )
        if is_absent:
            first = rotation(tally(members, history))[0]
            tallies = {t.membership_id: t for t in tally(members, history)}
            fewer_turns = tallies[first].turns < tallies[proposed.client_id].turns
            assert tallies[first].is_owed or fewer_turns, "the turn missed with notice is owed (S4)"
