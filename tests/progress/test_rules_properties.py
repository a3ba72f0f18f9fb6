"""Properties of ``fold`` that hold for any facts, in any order."""

from hypothesis import given
from hypothesis import strategies as st

from app.curricula.enums import ActivityType
from app.curricula.schemas import Curriculum
from app.progress.facts import Attended, Basis, CodevAttended, Fact, HandedIn, Judged, Recognised
from app.progress.next_steps.rules import next_steps
from app.progress.rules import fold
from app.progress.schemas import Progress, State
from tests.factories.progress import FROM_THE_START, PROPERTY, competencies, curricula, day, histories

RANK = {State.LOCKED: 0, State.OPEN: 1, State.WAITING: 2, State.EXEMPTED: 3, State.DONE: 4}
"""How far an activity or a module is; an exemption comes after what waits, and never instead of what is done."""


@PROPERTY
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(history: tuple[Curriculum, Basis, list[Fact]], random: object) -> None:
    curriculum, basis, facts = history
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(curriculum, basis, shuffled) == fold(curriculum, basis, facts)


@PROPERTY
@given(histories())
def test_no_more_is_recognised_than_planned(history: tuple[Curriculum, Basis, list[Fact]]) -> None:
    """BR-06, at each level, each being the sum of what is below."""
    progress = fold(*history)
    for m in progress.modules:
        assert all(0 <= a.recognised_minutes <= a.planned_minutes for a in m.activities)
        assert m.recognised_minutes == sum(a.recognised_minutes for a in m.activities) <= m.planned_minutes
    assert progress.recognised_minutes == sum(m.recognised_minutes for m in progress.modules)
    assert progress.recognised_minutes <= progress.planned_minutes


@PROPERTY
@given(histories(), st.data())
def test_a_presence_never_lowers_what_is_recognised(
    history: tuple[Curriculum, Basis, list[Fact]], data: st.DataObject
) -> None:
    curriculum, basis, facts = history
    code = data.draw(st.sampled_from([a.code for a in curriculum.activities if a.is_group]))
    minutes = data.draw(st.integers(1, 300))
    kinds: list[type[Attended | CodevAttended]] = [Attended, CodevAttended]
    kind = data.draw(st.sampled_from(kinds))
    more = fold(curriculum, basis, [*facts, kind(99, code, day(3), 300, minutes)])
    assert more.recognised_minutes >= fold(curriculum, basis, facts).recognised_minutes


@PROPERTY
@given(histories(), st.data())
def test_a_trace_completes_nothing_and_gives_no_hours(
    history: tuple[Curriculum, Basis, list[Fact]], data: st.DataObject
) -> None:
    """A trace, handed in for an activity that is no assessment, only says that the person was there that day."""
    curriculum, basis, facts = history
    codes = [a.code for a in curriculum.activities if a.type is not ActivityType.assessment]
    traces = data.draw(st.lists(st.builds(HandedIn, st.sampled_from(codes), st.just(day(3)), st.integers(1, 20))))
    with_traces, without = (fold(curriculum, basis, history) for history in ([*facts, *traces], facts))
    assert with_traces == without.model_copy(update={"last_fact_on": with_traces.last_fact_on})


@PROPERTY
@given(histories())
def test_folding_again_gives_the_same_and_survives_its_json(history: tuple[Curriculum, Basis, list[Fact]]) -> None:
    progress = fold(*history)
    assert fold(*history) == progress
    assert Progress.model_validate_json(progress.model_dump_json()) == progress


@PROPERTY
@given(histories())
def test_states_reasons_and_figures_agree(history: tuple[Curriculum, Basis, list[Fact]]) -> None:
    """What is done has no reason left and what is not has one; nobody attends more than the base."""
    progress = fold(*history)
    for m in progress.modules:
        assert (m.state is State.DONE) == (not m.why)
        assert all((a.state in {State.DONE, State.EXEMPTED}) == (not a.why) for a in m.activities)
        assert all((a.state is State.DONE) == (a.done_on is not None) for a in m.activities)
    assert all(e.eligible == (not e.why) for e in progress.eligibility)
    assert 0 <= progress.attended_minutes <= progress.attendance_base_minutes
    assert len(next_steps(progress)) <= 3


@PROPERTY
@given(curricula, st.integers(1, 4), st.integers(1, 4))
def test_a_later_judgement_never_lowers_a_level(curriculum: Curriculum, first: int, second: int) -> None:
    facts = [Judged(1, "CN-01", first, day(1)), Judged(2, "CN-01", second, day(2))]
    progress = fold(curriculum, FROM_THE_START, facts)
    assert next(c.level for c in progress.competencies if c.code == "CN-01") == max(first, second)


levels = st.lists(st.builds(Recognised, st.just(1), competencies, st.integers(1, 4), st.just(day(1))))


@PROPERTY
@given(histories(), levels)
def test_recognition_adds_no_hours_and_lowers_nothing(
    history: tuple[Curriculum, Basis, list[Fact]], granted: list[Recognised]
) -> None:
    """BR-29: what is recognised from before gives no hours; nothing done, open, attended or reached is lost by it."""
    curriculum, basis, facts = history
    before, after = fold(curriculum, basis, facts), fold(curriculum, basis, [*facts, *granted])
    assert after.recognised_minutes == before.recognised_minutes
    assert after.recognised_minutes + after.prior_minutes <= after.planned_minutes
    assert (after.attendance_pct or 0) >= (before.attendance_pct or 0)
    for module, former in zip(after.modules, before.modules, strict=True):
        assert RANK[module.state] >= RANK[former.state]
        assert all(why in former.why for why in module.why)
        for activity, was in zip(module.activities, former.activities, strict=True):
            assert RANK[activity.state] >= RANK[was.state]
            assert activity.recognised_minutes == was.recognised_minutes
    reached = {c.code: c.level or 0 for c in after.competencies}
    assert all(reached[c.code] >= (c.level or 0) for c in before.competencies)
    assert {e.kind for e in before.eligibility if e.eligible} <= {e.kind for e in after.eligibility if e.eligible}


@PROPERTY
@given(curricula, levels)
def test_codevelopment_and_mandates_are_never_exempted(curriculum: Curriculum, granted: list[Recognised]) -> None:
    """S9: whatever is recognised, codevelopment stays, and so do the mandates of the module that is made of them."""
    everything_granted = [*granted, *(Recognised(2, f"CN-{n:02}", 4, day(1)) for n in range(1, 13))]
    progress = fold(curriculum, FROM_THE_START, everything_granted)
    exempted = {a.code for m in progress.modules for a in m.activities if a.state is State.EXEMPTED}
    types = {curriculum.activity(code).type for code in exempted}
    assert ActivityType.codev not in types
    assert {a.code for a in curriculum.activities if a.type is ActivityType.field_mandate} - exempted
