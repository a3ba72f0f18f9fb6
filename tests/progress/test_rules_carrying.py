"""What facts of one version give in another: minutes once, nothing lost, and the way back (S8)."""

from dataclasses import replace

from hypothesis import given

from app.curricula.library import default_library
from app.curricula.mappings.enums import Fate
from app.curricula.mappings.rules import mapping_of
from app.curricula.mappings.schemas import MappingFile, MappingStep
from app.curricula.schemas import Curriculum
from app.progress.carrying.rules import carried, credits_of
from app.progress.facts import (
    ActivityDone,
    Attended,
    Basis,
    CodevAttended,
    Credited,
    Fact,
    FieldTime,
    HandedIn,
    Judged,
    Recognised,
)
from app.progress.rules import fold
from app.progress.schemas import ActivityProgress, Progress, State
from tests.factories import curricula as samples
from tests.factories.mappings import after_data, mapping_data, simple
from tests.factories.progress import FROM_THE_START, PROPERTY, day, everything, histories

LIBRARY = default_library()
BEFORE, AFTER = samples.curriculum(), Curriculum.model_validate(after_data())
PARTLY = mapping_of(MappingFile.model_validate(mapping_data()))


def progress_under(curriculum: Curriculum, facts: list[Fact], basis: Basis = FROM_THE_START) -> Progress:
    """The progress under a version of one of the real paths, whatever version the facts were recorded under."""
    return fold(curriculum, basis, [*facts, *carried(curriculum, facts, LIBRARY.steps_to(curriculum))])


def activity(progress: Progress, code: str) -> ActivityProgress:
    return next(a for m in progress.modules for a in m.activities if a.code == code)


# The real paths


@PROPERTY
@given(histories())
def test_mapping_of_a_path_loses_and_doubles_nothing(history: tuple[Curriculum, Basis, list[Fact]]) -> None:
    """Every hour, level, session and mandate of version 1.0 counts once under 1.1, which carries all."""
    curriculum, basis, facts = history
    old = fold(curriculum, basis, facts)
    new = progress_under(LIBRARY.curriculum(curriculum.slug, "1.1"), facts, basis)
    assert new.recognised_minutes == old.recognised_minutes
    assert (new.attended_minutes, new.attendance_base_minutes) == (old.attended_minutes, old.attendance_base_minutes)
    assert (new.competencies, new.codev, new.mandates) == (old.competencies, old.codev, old.mandates)
    assert new.last_fact_on == old.last_fact_on


@PROPERTY
@given(histories())
def test_mapping_applied_and_rolled_back_is_the_identity(history: tuple[Curriculum, Basis, list[Fact]]) -> None:
    """The facts are not touched: the version that was left reads them as before, the newer one beside it or not."""
    curriculum, basis, facts = history
    assert progress_under(curriculum, facts, basis) == fold(curriculum, basis, facts)


def test_split_module_is_complete_when_the_one_before_it_was() -> None:
    old, new = (LIBRARY.curriculum("specialise", version) for version in ("1.0", "1.1"))
    progress = progress_under(new, everything(old))
    assert {m.state for m in progress.modules} == {State.DONE}
    assert progress.recognised_minutes == new.minutes
    facts: list[Fact] = [ActivityDone("SPE-5.A", day(20)), Attended(1, "SPE-5.C", day(21), 180, 180)]
    progress = progress_under(new, facts)
    given_ = {a.code: a.recognised_minutes for m in progress.modules for a in m.activities if a.recognised_minutes}
    assert given_ == {"SPE-5.E": 180, "SPE-12.A": 120, "SPE-12.B": 180}
    assert (progress.attended_minutes, progress.attendance_base_minutes) == (180, 180)


def test_who_stays_on_the_older_version_gets_what_is_the_same_in_both() -> None:
    """Their cohort follows 1.1: its workshop SPE-12.B is their SPE-5.C, and half of SPE-5.A is not SPE-5.A."""
    old = LIBRARY.curriculum("specialise", "1.0")
    progress = progress_under(old, [Attended(1, "SPE-12.B", day(24), 180, 150), ActivityDone("SPE-12.A", day(23))])
    assert (activity(progress, "SPE-5.C").state, activity(progress, "SPE-5.C").recognised_minutes) == (State.DONE, 150)
    assert activity(progress, "SPE-5.A").recognised_minutes == 0


def test_codevelopment_carried_counts_in_the_quorum_once() -> None:
    """Sessions of another code complete those that they are carried to."""
    data = after_data()
    data["modules"][1]["activities"][0] |= samples.activity("ESS-2.C", "codev", "onsite", 3)
    after = Curriculum.model_validate(data)
    file = mapping_data()
    file["activities"][3]["to"] = [{"code": "ESS-2.C", "hours": 3}]
    facts: list[Fact] = [CodevAttended(1, "ESS-2.A", day(1), 180, 180)]
    credits_ = credits_of(BEFORE, mapping_of(MappingFile.model_validate(file)), facts)
    assert credits_ == [Credited("ESS-2.C", 180, day(1), complete=True)]
    [module] = [m for m in fold(after, FROM_THE_START, [*facts, *credits_]).modules if m.code == "ESS-2"]
    assert [reason.code for reason in module.why if reason.code.startswith("codev")] == ["codev_client_missing"]
    own: list[Fact] = [*facts, *credits_, CodevAttended(2, "ESS-2.C", day(2), 180, 180)]
    assert fold(after, FROM_THE_START, own).codev.sessions_attended == 2


# Partly


def test_activity_carried_in_part_keeps_its_minutes_and_stays_to_do() -> None:
    facts: list[Fact] = [Attended(1, "ESS-1.B", day(1), 120, 120)]
    progress = fold(AFTER, FROM_THE_START, [*facts, *credits_of(BEFORE, PARTLY, facts)])
    assert (activity(progress, "ESS-1.D").state, activity(progress, "ESS-1.D").recognised_minutes) == (State.OPEN, 120)
    attended: list[Fact] = [*facts, Attended(2, "ESS-1.D", day(3), 180, 180)]
    done = fold(AFTER, FROM_THE_START, [*attended, *credits_of(BEFORE, PARTLY, facts)])
    assert (activity(done, "ESS-1.D").state, activity(done, "ESS-1.D").recognised_minutes) == (State.DONE, 180)


FIELD = {"code": "ESS-1.B", "type": "field_mandate", "mode": "field", "hours": 2}


def test_hours_in_the_field_carried_complete_with_those_declared_after() -> None:
    before, after = samples.curriculum_data(), after_data()
    before["modules"][0]["activities"][1] |= FIELD
    after["modules"][0]["activities"][1] |= FIELD | {"code": "ESS-1.D", "hours": 3}
    source, target = Curriculum.model_validate(before), Curriculum.model_validate(after)
    facts: list[Fact] = [FieldTime(1, "ESS-1.B", day(1), 120, accepted=True)]
    given_ = credits_of(source, PARTLY, facts)
    open_ = activity(fold(target, FROM_THE_START, [*facts, *given_]), "ESS-1.D")
    assert (open_.state, open_.recognised_minutes, open_.why[0].params["missing_minutes"]) == (State.OPEN, 120, 60)
    more: list[Fact] = [*facts, *given_, FieldTime(2, "ESS-1.D", day(2), 60, accepted=True)]
    done = activity(fold(target, FROM_THE_START, more), "ESS-1.D")
    assert (done.state, done.recognised_minutes, done.done_on) == (State.DONE, 180, day(2))
    assert credits_of(source, PARTLY, [FieldTime(1, "ESS-1.B", day(1), 60, accepted=True)]) == [
        Credited("ESS-1.D", 60, day(1), complete=False)
    ]
    assert credits_of(source, PARTLY, [FieldTime(1, "ESS-1.B", day(1), 60, accepted=None)]) == []


def test_activity_that_several_complete_waits_for_all_of_them() -> None:
    """ESS-1.A and ESS-1.C, an hour each, become one."""
    merged = simple("1.0", "1.1", **{code: [("ESS-1.D", 60, True)] for code in ("ESS-1.A", "ESS-1.C")})
    done, handed_in = ActivityDone("ESS-1.A", day(1)), HandedIn("ESS-1.C", day(2), 1)
    assert credits_of(BEFORE, merged, [done]) == [Credited("ESS-1.D", 60, day(1), complete=False)]
    assert [c.complete for c in credits_of(BEFORE, merged, [done, handed_in])] == [True, True]
    everywhere: list[Fact] = [Recognised(n, code, 2, day(1)) for n, code in enumerate(("CN-01", "CN-02"))]
    assert [c.complete for c in credits_of(BEFORE, merged, [done, *everywhere])] == [True]


# Chains


def renamed(curriculum: Curriculum, version: str, old: str, new: str) -> Curriculum:
    data = curriculum.model_dump(mode="json") | {"version": version}
    for item in data["modules"][0]["activities"]:
        item["code"] = new if item["code"] == old else item["code"]
    return Curriculum.model_validate(data)


def test_chain_of_versions_joins_facts_of_each() -> None:
    """ESS-1.A of 1.0 is ESS-1.E of 1.1, which with ESS-1.C makes ESS-1.F of 1.2."""
    middle = renamed(BEFORE, "1.1", "ESS-1.A", "ESS-1.E")
    last = renamed(middle, "1.2", "ESS-1.E", "ESS-1.F")
    to_one_of_two = {"ESS-1.E": [("ESS-1.F", 30, True)], "ESS-1.C": [("ESS-1.F", 30, True)]}
    first = simple("1.0", "1.1", **{"ESS-1.A": [("ESS-1.E", 60, True)], "ESS-1.B": [("ESS-1.B", 120, True)]})
    second = simple("1.1", "1.2", **to_one_of_two, **{"ESS-1.B": [("ESS-1.B", 120, True)]})
    steps = [
        MappingStep(curriculum=BEFORE, mapping=first, owned=frozenset({"ESS-1.A"})),
        MappingStep(curriculum=middle, mapping=second, owned=frozenset({"ESS-1.E", "ESS-1.C"})),
    ]
    done, handed_in = ActivityDone("ESS-1.A", day(1)), HandedIn("ESS-1.C", day(2), 1)
    assert carried(last, [done], steps) == [Credited("ESS-1.F", 30, day(1), complete=False)]
    assert [c.complete for c in carried(last, [done, handed_in], steps) if isinstance(c, Credited)] == [True, True]


def test_credit_of_a_code_that_both_versions_have_passes_through() -> None:
    steps = [
        MappingStep(
            curriculum=BEFORE, mapping=simple("1.0", "1.1", **{"ESS-1.A": [("ESS-1.D", 60, True)]}),
            owned=frozenset({"ESS-1.A"}),
        ),
        MappingStep(
            curriculum=AFTER, mapping=simple("1.1", "1.2", **{"ESS-1.D": [("ESS-1.D", 180, True)]}), owned=frozenset(),
        ),
    ]  # fmt: skip
    last = renamed(AFTER, "1.2", "ESS-1.A", "ESS-1.G")
    assert carried(last, [ActivityDone("ESS-1.A", day(1))], steps) == [Credited("ESS-1.D", 60, day(1), complete=True)]


def test_level_of_a_competency_that_changed_its_name_is_carried() -> None:
    mapping = PARTLY.model_copy(update={"levels": {"CN-01": ("CN-02",)}, "competency_fates": {"CN-01": Fate.CARRIED}})
    step = MappingStep(curriculum=BEFORE, mapping=mapping, owned=frozenset({"ESS-1.B"}))
    judged = Judged(1, "CN-01", 3, day(1))
    recognised = Recognised(1, "CN-01", 3, day(1))
    for level in (judged, recognised):
        assert carried(AFTER, [level], [step]) == [replace(level, competency_code="CN-02")]
    assert carried(AFTER, [judged], [step.model_copy(update={"mapping": PARTLY})]) == []
