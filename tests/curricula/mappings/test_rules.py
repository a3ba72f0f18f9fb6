"""The rules of mappings: what a file must respect, composing, inverting, patches (S8)."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.curricula.library import default_library
from app.curricula.mappings.enums import Fate
from app.curricula.mappings.rules import (
    check_mapping,
    check_patch,
    compose,
    corrected,
    identity,
    inverse,
    is_patch,
    mapping_of,
    module_fate,
)
from app.curricula.mappings.schemas import Credit, MappingFile, VersionMapping
from app.curricula.schemas import Curriculum
from tests.factories import curricula as samples
from tests.factories.mappings import after_data, mapping_data, simple

Data = dict[str, Any]


def findings(data: Data, after: Data | None = None) -> list[tuple[str, Any]]:
    """Return the codes of the findings on a mapping, each with the code of the curriculum that it names."""
    target = Curriculum.model_validate(after or after_data())
    frameworks = (samples.framework(), samples.framework())
    found = check_mapping(MappingFile.model_validate(data), samples.curriculum(), target, frameworks)
    return [(f.reason.code.removeprefix("curricula."), f.reason.params["code"]) for f in found]


def test_mapping_without_defect_has_no_finding() -> None:
    assert findings(mapping_data()) == []


def item(data: Data, index: int, **values: object) -> Data:
    data["activities"][index] |= values
    return data


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        (lambda d: d["activities"].pop(2), [("mapping_hole", "ESS-1.C")]),
        (lambda d: d["competencies"].pop(0), [("mapping_hole", "CN-01")]),
        (lambda d: d["activities"].append(deepcopy(d["activities"][1])), [
            ("duplicate", "ESS-1.B"), ("mapping_target_doubled", "ESS-1.D"),
        ]),
        (lambda d: item(d, 1, code="ESS-9.A"), [("mapping_hole", "ESS-1.B"), ("mapping_unknown", "ESS-9.A")]),
        (lambda d: item(d, 1, to=[{"code": "ESS-9.A", "hours": 2}]), [("mapping_unknown", "ESS-9.A")]),
        (lambda d: item(d, 1, to=[{"code": "ESS-1.D", "hours": 3}]), [("mapping_source_doubled", "ESS-1.B")]),
        (lambda d: item(d, 1, to=[{"code": "ESS-1.A", "hours": 1}, {"code": "ESS-1.D", "hours": 1}]), [
            ("mapping_target_doubled", "ESS-1.A"),
        ]),
        (lambda d: item(d, 1, to=[{"code": "ESS-1.D", "hours": 1}, {"code": "ESS-1.D", "hours": 1}]), [
            ("duplicate", "ESS-1.D"),
        ]),
        (lambda d: item(d, 1, to=[]), [("mapping_fate", "ESS-1.B")]),
        (lambda d: item(d, 1, fate="to_do"), [("mapping_fate", "ESS-1.B")]),
        (lambda d: item(d, 0, fate="to_do", to=[]), [("mapping_code_kept", "ESS-1.A")]),
        (lambda d: item(d, 0, fate="partly"), [("mapping_code_kept", "ESS-1.A")]),
        (lambda d: d["competencies"][0].update(code="CN-03"), [
            ("mapping_hole", "CN-01"), ("mapping_unknown", "CN-03"), ("mapping_level", "CN-01"),
        ]),
        (lambda d: d["competencies"][0].update(to=["CN-03"]), [("mapping_unknown", "CN-03")]),
        (lambda d: d["competencies"][0].update(to=["CN-01", "CN-01"]), [("duplicate", "CN-01")]),
        (lambda d: d["competencies"][0].update(to=[]), [("mapping_fate", "CN-01")]),
    ],
)  # fmt: skip
def test_mapping_with_a_defect_is_refused_with_its_reason(bend: Any, expected: list[tuple[str, str]]) -> None:
    data = mapping_data()
    bend(data)
    assert findings(data) == expected


@pytest.mark.parametrize(
    "bend",
    [
        lambda m: m["activities"][0].update(hours=2),
        lambda m: m["activities"][0].update(type="workshop", mode="online"),
        lambda m: m["assesses"][0].update(target=3),
        lambda m: m["assesses"].append({"competency": "CN-02", "target": 1}),
    ],
)
def test_code_kept_for_an_activity_that_changed_is_refused(bend: Any) -> None:
    after = after_data()
    bend(after["modules"][0])
    assert ("mapping_code_reused", "ESS-1.A") in findings(mapping_data(), after)


def test_codes_of_two_paths_may_mean_different_things() -> None:
    data, after = mapping_data(), after_data()
    after["slug"] = data["target"]["slug"] = "autre"
    after["modules"][0]["activities"][0]["type"] = "assessment"
    assert findings(data, after) == []


def test_level_asked_for_higher_is_carried_in_part() -> None:
    after = after_data()
    after["certificates"][1]["thresholds"]["CN-01"] = 3
    data = mapping_data()
    assert findings(data, after) == [("mapping_level", "CN-01")]
    data["competencies"][0]["fate"] = "partly"
    assert findings(data, after) == []


# Values


def test_credits_and_fates_of_a_file() -> None:
    data = mapping_data()
    item(data, 2, fate="to_do", to=[])
    mapping = mapping_of(MappingFile.model_validate(data))
    assert mapping.credits("ESS-1.A") == (Credit(code="ESS-1.A", minutes=60, complete=True),)
    assert mapping.credits("ESS-1.B") == (Credit(code="ESS-1.D", minutes=120, complete=False),)
    assert mapping.credits("ESS-1.C") == mapping.credits("ESS-9.A") == ()
    assert [mapping.fate(f"ESS-1.{letter}") for letter in "ABC"] == [Fate.CARRIED, Fate.PARTLY, Fate.TO_DO]
    assert [module_fate(mapping, module) for module in samples.curriculum().modules] == [Fate.PARTLY, Fate.CARRIED]
    assert mapping.completed_by("ESS-1.A") == {"ESS-1.A"}
    assert not mapping.completed_by("ESS-1.D")
    assert (mapping.competencies("CN-01"), mapping.competencies("CN-09")) == (("CN-01",), ())
    assert hash(mapping) == hash((("essai", "1.0"), ("essai", "1.1")))


def test_composed_split_and_merge_give_each_minute_once() -> None:
    """a and b make c, which is split in d and e: a gives its minutes to d, b to e, and both complete each."""
    first = simple("1", "2", a=[("c", 60, True)], b=[("c", 60, True)])
    second = simple("2", "3", c=[("d", 60, True), ("e", 60, True)])
    whole = compose(first, second)
    assert (whole.source, whole.target) == (("essai", "1"), ("essai", "3"))
    assert whole.credits("a") == (
        Credit(code="d", minutes=60, complete=True), Credit(code="e", minutes=0, complete=True),
    )  # fmt: skip
    assert whole.completed_by("d") == whole.completed_by("e") == {"a", "b"}
    assert sum(c.minutes for code in "ab" for c in whole.credits(code)) == 120


def test_composed_activity_is_complete_only_if_all_that_completes_it_is() -> None:
    first = simple("1", "2", a=[("b", 60, True)])
    second = simple("2", "3", b=[("d", 60, True)], c=[("d", 60, True)])
    assert compose(first, second).credits("a") == (Credit(code="d", minutes=60, complete=False),)


def test_composed_levels_take_the_lesser_fate() -> None:
    def levels(fate: Fate, *pairs: tuple[str, tuple[str, ...]]) -> VersionMapping:
        fates = dict.fromkeys(dict(pairs), fate)
        return simple("1", "2").model_copy(update={"levels": dict(pairs), "competency_fates": fates})

    first = levels(Fate.CARRIED, ("x", ("y",)), ("z", ("gone",)))
    partly, carried = levels(Fate.PARTLY, ("y", ("w",))), levels(Fate.CARRIED, ("y", ("w",)))
    assert compose(first, partly).competency_fates == {"x": Fate.PARTLY, "z": Fate.TO_DO}
    assert compose(first, carried).competency_fates == {"x": Fate.CARRIED, "z": Fate.TO_DO}
    assert compose(first, carried).levels == {"x": ("w",), "z": ()}


def test_way_back_holds_what_is_carried_one_to_one() -> None:
    mapping = simple(
        "1", "2",
        a=[("b", 60, True)], c=[("d", 60, True), ("e", 60, True)], f=[("g", 60, False)],
        h=[("i", 60, True)], j=[("i", 60, True)],
    ).model_copy(update={"levels": {"x": ("y",), "z": ("v", "w")}})  # fmt: skip
    back = inverse(mapping)
    assert (back.source, back.target) == (mapping.target, mapping.source)
    assert back.given == {"b": (Credit(code="a", minutes=60, complete=True),)}
    assert back.levels == {"y": ("x",)}


CODES = "abcd"
PLANNED = 60


@st.composite
def mappings(draw: st.DrawFn, source: str, target: str) -> VersionMapping:
    """Draw a mapping of four activities of an hour that respects the rules: no minute is given twice."""
    left = dict.fromkeys(CODES, PLANNED)
    given_: dict[str, list[tuple[str, int, bool]]] = {}
    for code in CODES:
        budget, to = PLANNED, []
        complete = draw(st.booleans())
        for other in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=3)):
            if minutes := min(budget, left[other], draw(st.integers(1, PLANNED))):
                to.append((other, minutes, complete))
                budget, left[other] = budget - minutes, left[other] - minutes
        given_[code] = to
    return simple(source, target, **given_)


@given(mappings("1", "2"), mappings("2", "3"))
def test_composition_gives_no_minute_twice(first: VersionMapping, second: VersionMapping) -> None:
    composed = compose(first, second)
    for code in CODES:
        assert sum(c.minutes for c in composed.credits(code)) <= sum(c.minutes for c in first.credits(code))
        received = [c.minutes for source in CODES for c in composed.credits(source) if c.code == code]
        assert sum(received) <= PLANNED


# Patches


def test_patch_numbers() -> None:
    assert [is_patch(v) for v in ("1.0", "1.1", "1.0.0", "1.0.1")] == [False, False, False, True]
    assert (corrected("1.0.1"), corrected("1.1.3")) == (("1.0.0", "1.0"), ("1.1.2",))


def test_patch_of_wording_changes_no_rule() -> None:
    data = samples.curriculum_data() | {"version": "1.0.1", "title": samples.localized("Mieux dit")}
    data["modules"][0]["outcomes"][0]["fr"] = "Savoir mieux"
    data["modules"][0]["activities"][0]["title"] = samples.localized("Autre titre")
    assert check_patch(samples.curriculum(), Curriculum.model_validate(data)) == ()


@pytest.mark.parametrize(
    ("bend", "path"),
    [
        (lambda d: d.update(weeks=5), ("weeks",)),
        (lambda d: d["modules"][0]["activities"][0].update(hours=2), ("modules", 0, "activities", 0, "hours")),
        (lambda d: d["modules"][0]["outcomes"].append(samples.localized("De plus")), ("modules", 0, "outcomes")),
        (lambda d: d["certificates"][1]["thresholds"].update({"CN-01": 1}), ("certificates", 1, "thresholds")),
        (lambda d: d["certificates"][1].pop("mandates"), ("certificates", 1, "mandates")),
    ],
)
def test_patch_that_changes_a_rule_is_refused_where_it_does(bend: Any, path: tuple[str | int, ...]) -> None:
    data = samples.curriculum_data() | {"version": "1.0.1"}
    bend(data)
    assert [f.path for f in check_patch(samples.curriculum(), Curriculum.model_validate(data))] == [path]


# The real ones


def test_real_mappings_carry_all_within_a_path_and_only_levels_to_the_other() -> None:
    library = default_library()
    for slug in ("generaliste", "specialise"):
        mapping = library.mapping((slug, "1.0"), (slug, "1.1"))
        assert mapping is not None
        assert {mapping.fate(a.code) for a in library.curriculum(slug, "1.0").activities} == {Fate.CARRIED}
        assert library.mapping((slug, "1.1"), (slug, "1.0")) is None
    for version in ("1.0", "1.1"):
        bridge = library.mapping(("generaliste", "1.0"), ("specialise", version))
        assert bridge is not None
        assert {bridge.fate(a.code) for a in library.curriculum("generaliste", "1.0").activities} == {Fate.TO_DO}
        assert bridge.competency_fates["CN-01"] is Fate.CARRIED
        assert bridge.competency_fates["CN-02"] is Fate.PARTLY
    own = library.mapping(("generaliste", "1.0"), ("generaliste", "1.0"))
    assert own == identity(library.curriculum("generaliste", "1.0"))
