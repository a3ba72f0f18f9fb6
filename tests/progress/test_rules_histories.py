"""Along any history of facts, progress falls only where a recorded correction replaces or withdraws a fact."""

from collections.abc import Iterator
from dataclasses import fields, replace
from enum import StrEnum, auto
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.curricula.schemas import Curriculum
from app.progress.facts import (
    Basis,
    CarriedActivity,
    CarriedAttendance,
    CatchUpAssigned,
    Credited,
    Fact,
    FieldTime,
    MandateDone,
    Recognised,
)
from app.progress.rules import fold
from app.progress.schemas import State
from tests.factories.progress import (
    FROM_THE_START,
    PROPERTY,
    SPECIALIST,
    achieved,
    any_fact,
    bases,
    curricula,
    day,
    everything,
    fallen,
    without,
)


class Act(StrEnum):
    """What happens to a file."""

    RECORD = auto()
    GO_ON = auto()
    """What was begun goes on: hours are decided, a catch-up made up, a step of a mandate reached."""
    CORRECT = auto()
    """A record supersedes another one."""
    WITHDRAW = auto()
    """A record supersedes another one and leaves nothing in its place: a mark taken away, a session cancelled."""


OFTEN = (Act.RECORD, Act.RECORD, Act.RECORD, Act.GO_ON, Act.CORRECT, Act.WITHDRAW)
CORRECTIONS = frozenset({Act.CORRECT, Act.WITHDRAW})
Step = tuple[Act, int, Fact]


def gone_on(fact: Fact, other: Fact) -> Fact:
    """Return a fact with what it did not hold yet, as another one of its type has it."""
    if type(fact) is not type(other) or not isinstance(fact, FieldTime | CatchUpAssigned | MandateDone):
        return fact
    missing = [field.name for field in fields(fact) if getattr(fact, field.name) is None]
    return replace(fact, **{name: getattr(other, name) for name in missing})


def after(facts: list[Fact], step: Step) -> list[Fact]:
    """Return the facts in force after one more step."""
    act, number, fact = step
    if act is Act.RECORD or not facts:
        return [*facts, fact]
    place = number % len(facts)
    before, rest = facts[place], facts[place + 1 :]
    kept = {Act.GO_ON: [gone_on(before, fact)], Act.CORRECT: [fact], Act.WITHDRAW: []}[act]
    return [*facts[:place], *kept, *rest]


@st.composite
def recorded_histories(draw: st.DrawFn) -> tuple[Curriculum, Basis, list[Fact], list[Step]]:
    """A path, an enrolment whose file is complete or empty, and what happens to it since."""
    curriculum = draw(curricula)
    facts = everything(curriculum) if draw(st.booleans()) else []
    steps = st.lists(st.tuples(st.sampled_from(OFTEN), st.integers(0, 99), any_fact(curriculum)), max_size=12)
    return curriculum, draw(bases), facts, draw(steps)


@PROPERTY
@given(recorded_histories())
def test_progress_falls_along_a_history_only_through_a_correction(
    history: tuple[Curriculum, Basis, list[Fact], list[Step]],
) -> None:
    curriculum, basis, facts, steps = history
    before = achieved(fold(curriculum, basis, facts))
    for step in steps:
        facts = after(facts, step)
        now = achieved(fold(curriculum, basis, facts))
        assert step[0] in CORRECTIONS or fallen(before, now) == {}
        before = now


def withdrawals() -> Iterator[Any]:
    """One fact of each type, with a file in which everything is done and that holds it once.

    Attendance is none of what a person has acquired, nor is that of an earlier enrolment.
    """
    caught_up = CatchUpAssigned("SPE-1.B", 180, day(3))
    carried = Credited("SPE-2.A", 60, day(3), complete=True)
    missed = without(without(everything(SPECIALIST), caught_up.activity_code), carried.activity_code)
    received = CarriedActivity(1, "SPE-3.A", 60, complete=True, on=day(3))
    missed = without(missed, received.activity_code)
    file = [*missed, caught_up, carried, received, Recognised(1, "CN-01", 2, day(1))]
    for kind in [kind for kind in get_args(Fact) if kind is not CarriedAttendance]:
        yield pytest.param(next((f for f in file if isinstance(f, kind)), None), file, id=kind.__name__)


@pytest.mark.parametrize(("fact", "file"), list(withdrawals()))
def test_correction_of_each_type_of_fact_lowers_progress(fact: Fact | None, file: list[Fact]) -> None:
    """What is measured falls when a fact goes, whatever its type: the property would notice."""
    assert fact is not None, "a type of facts that the file has none of"
    whole, less = (fold(SPECIALIST, FROM_THE_START, facts) for facts in (file, [f for f in file if f is not fact]))
    assert all(m.state is State.DONE for m in whole.modules)
    assert fallen(achieved(whole), achieved(less))
    assert not fallen(achieved(less), achieved(whole))
