"""Rules of joining late (S2): which modules are passed, and what catches up each of their activities."""

from datetime import date, timedelta

import pytest

from app.attendance.catch_ups.schemas import CatchUpShown
from app.curricula.library import default_library
from app.overview.late_join.enums import How
from app.overview.late_join.rules import Situation, out_of_reach, passed_modules
from app.overview.late_join.schemas import CodevLeft
from app.progress.facts import ActivityDone, Basis, CodevAttended
from app.progress.rules import fold

GENERALIST = default_library().curriculum("generaliste", "1.0")
STARTS = date(2026, 9, 7)
JOINED = STARTS + timedelta(weeks=5)
ENDS = STARTS + timedelta(weeks=16)


def situation(**given: object) -> Situation:
    """Return what someone finds who joins in week 5 and has a group that held nothing, with other values."""
    values: dict[str, object] = {"missed": {}, "decided": {}, "coming": {}, "codev_held": frozenset()}
    return Situation(joined_on=JOINED, day=JOINED, ends_on=ENDS, **{**values, **given})  # type: ignore[arg-type]


def ways(at: Situation, *facts: object) -> dict[str, How]:
    """Return how each activity of the modules passed is caught up."""
    progress = fold(GENERALIST, Basis(STARTS, JOINED), facts)  # type: ignore[arg-type]
    return {a.activity_code: a.how for module in passed_modules(GENERALIST, progress, at) for a in module.activities}


def codev_left(at: Situation, *facts: object) -> CodevLeft | None:
    """Return what the codevelopment of the path still needs, where its module is in the list."""
    progress = fold(GENERALIST, Basis(STARTS, JOINED), facts)  # type: ignore[arg-type]
    return next((m.codev for m in passed_modules(GENERALIST, progress, at) if m.code == "GEN-7"), None)


def test_modules_that_ended_before_the_person_joined_are_listed_with_what_catches_up_each() -> None:
    passed = [m.code for m in GENERALIST.modules if STARTS + timedelta(weeks=m.week, days=-1) < JOINED]
    found = ways(situation(missed={"GEN-1.B": STARTS}, coming={"GEN-2.B": ENDS}), ActivityDone("GEN-1.A", JOINED))
    assert {code.split(".")[0] for code in found} == set(passed)
    assert found["GEN-1.B"] is How.TO_DECIDE
    assert found["GEN-2.B"] is How.SESSION_TO_COME
    assert found["GEN-1.A"] is How.DONE
    assert {How.ALONE, How.HAND_IN} & set(found.values())


def test_workshop_missed_in_a_module_that_is_not_over_is_listed_too() -> None:
    last = GENERALIST.modules[-1]
    workshop = next(a.code for a in last.activities if a.is_group)
    assert last.code not in {code.split(".")[0] for code in ways(situation())}
    assert ways(situation(missed={workshop: JOINED}))[workshop] is How.TO_DECIDE


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"due_on": ENDS}, How.ASSIGNED),
        ({"due_on": ENDS, "done_on": JOINED}, How.DONE),
        ({"waived_because": "Déjà suivi."}, How.WAIVED),
    ],
)
def test_workshop_of_which_something_is_decided_shows_the_decision(change: dict[str, object], expected: How) -> None:
    decided = CatchUpShown.model_validate(
        {
            "id": 1, "enrolment_id": 1, "activity_code": "GEN-1.B", "minutes": 180, "due_on": None, "done_on": None,
            "waived_because": None, **change,
        }
    )  # fmt: skip
    assert ways(situation(decided={"GEN-1.B": decided}))["GEN-1.B"] is expected


def test_days_are_proposed_module_after_module_and_never_after_the_end() -> None:
    workshops = [a.code for m in GENERALIST.modules for a in m.activities if a.is_group and m.code != "GEN-7"]
    at = situation(missed=dict.fromkeys(workshops, JOINED))
    progress = fold(GENERALIST, Basis(STARTS, JOINED), [])
    days = [a.due_on for m in passed_modules(GENERALIST, progress, at) for a in m.activities if a.how is How.TO_DECIDE]
    assert days[0] == JOINED + timedelta(weeks=2)
    assert days == sorted(day for day in days if day is not None)
    assert days[-1] is not None
    assert days[-1] <= ENDS


def test_codevelopment_is_never_caught_up_and_says_what_is_left() -> None:
    session = CodevAttended(1, "GEN-7.A", JOINED, 180, 180)
    assert codev_left(situation()) is None, "everything is to come"
    late = codev_left(situation(codev_held=frozenset({"GEN-7.A"})))
    assert late == CodevLeft(needed=3, left=3, has_group=True)
    assert not late.is_out_of_reach
    too_late = codev_left(situation(codev_held=frozenset({"GEN-7.A", "GEN-7.B"})))
    assert too_late is not None
    assert too_late.is_out_of_reach
    assert ways(situation(codev_held=frozenset({"GEN-7.A"})))["GEN-7.A"] is How.NEVER
    assert codev_left(situation(codev_held=None)) == CodevLeft(needed=3, left=0, has_group=False)
    held = frozenset({"GEN-7.A", "GEN-7.B"})
    assert codev_left(situation(codev_held=held), session) == CodevLeft(needed=2, left=2, has_group=True)


@pytest.mark.parametrize(
    ("attended", "group_id", "held", "expected"),
    [
        (0, None, {}, None),
        (0, 1, {1: {"GEN-7.A"}}, None),
        (0, 1, {1: {"GEN-7.A", "GEN-7.B"}}, CodevLeft(needed=3, left=2, has_group=True)),
        (1, 1, {1: {"GEN-7.A", "GEN-7.B"}}, None),
        (3, 1, {1: {"GEN-7.A", "GEN-7.B", "GEN-7.C", "GEN-7.D"}}, None),
        (0, None, {1: {"GEN-7.A", "GEN-7.B"}, 2: {"GEN-7.A"}}, None),
        (0, None, {1: {"GEN-7.A", "GEN-7.B"}}, CodevLeft(needed=3, left=2, has_group=False)),
    ],
)
def test_quorum_is_out_of_reach_once_fewer_sessions_are_left_than_are_needed(
    attended: int, group_id: int | None, held: dict[int, set[str]], expected: CodevLeft | None
) -> None:
    assert out_of_reach(GENERALIST, attended, group_id, held) == expected
