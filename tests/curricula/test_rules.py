"""Every rule has an example that breaks it, and only it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.curricula.activity_page import outline
from app.curricula.files.problems import Location
from app.curricula.rules import Finding, check_curriculum, check_framework, check_page
from app.curricula.schemas import Curriculum, Framework
from app.platform.messages.i18n import explain
from tests.factories import curricula as samples
from tests.factories.curricula import Data, activity

Bend = Callable[[Data], Any]


def broken(findings: Iterable[Finding]) -> list[tuple[str, Location]]:
    """Return the code and path of each finding, and check that each has a complete text."""
    listed = list(findings)
    assert all("{" not in explain(finding.reason) for finding in listed)
    return [(finding.reason.code.removeprefix("curricula."), finding.path) for finding in listed]


def check(bend: Bend) -> list[tuple[str, Location]]:
    data = samples.curriculum_data()
    bend(data)
    return broken(check_curriculum(Curriculum.model_validate(data), samples.framework()))


def put(*path: str | int, to: object) -> Bend:
    """A bend that sets one value."""

    def bend(data: Data) -> None:
        target: Any = data
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = to

    return bend


def both(*bends: Bend) -> Bend:
    return lambda data: [bend(data) for bend in bends]


M1, M2 = ("modules", 0), ("modules", 1)


def test_the_sample_breaks_no_rule() -> None:
    assert check(lambda data: data) == []
    assert check_framework(samples.framework()) == ()


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        pytest.param(put("hours", to=11), [("sum_modules", ("hours",))], id="hours of the path"),
        pytest.param(
            both(put(*M1, "hours", to=5), put("hours", to=11)),
            [("sum_activities", (*M1, "hours"))],
            id="hours of a module",
        ),
        pytest.param(
            put(*M1, "activities", 1, "code", to="ESS-1.A"),
            [("duplicate", (*M1, "activities", 1, "code"))],
            id="activity code twice",
        ),
        pytest.param(
            both(
                put(*M2, "code", to="ESS-1"),
                put(*M2, "prerequisites", to=[]),
                put(*M2, "activities", 0, "code", to="ESS-1.D"),
                put(*M2, "activities", 1, "code", to="ESS-1.E"),
            ),
            [("duplicate", (*M2, "code"))],
            id="module code twice",
        ),
        pytest.param(
            put(*M2, "activities", 0, "code", to="ESS-1.D"),
            [("prefix", (*M2, "activities", 0, "code"))],
            id="activity code of another module",
        ),
        pytest.param(
            put("code", to="AUT"),
            [("prefix", (*M1, "code")), ("prefix", (*M2, "code"))],
            id="module codes of another path",
        ),
        pytest.param(
            put(*M2, "prerequisites", to=["ESS-9"]),
            [("unknown_module", (*M2, "prerequisites", 0))],
            id="unknown prerequisite",
        ),
        pytest.param(
            put(*M2, "activities", 1, "requires", to=["ESS-9"]),
            [("unknown_module", (*M2, "activities", 1, "requires", 0))],
            id="unknown module required",
        ),
        pytest.param(
            put(*M2, "prerequisites", to=["ESS-1", "ESS-1"]),
            [("duplicate", (*M2, "prerequisites", 1))],
            id="prerequisite twice",
        ),
        pytest.param(
            put(*M2, "activities", 1, "requires", to=["ESS-1", "ESS-1"]),
            [("duplicate", (*M2, "activities", 1, "requires", 1))],
            id="required module twice",
        ),
        pytest.param(
            both(put(*M1, "prerequisites", to=["ESS-2"]), put(*M1, "week", to=4)),
            [("cycle", (*M1, "prerequisites"))],
            id="cycle of prerequisites",
        ),
        pytest.param(
            both(put(*M1, "activities", 0, "requires", to=["ESS-2"]), put(*M1, "week", to=4)),
            [("cycle", (*M1, "prerequisites"))],
            id="cycle through a required module",
        ),
        pytest.param(
            put(*M2, "activities", 0, "requires", to=["ESS-2"]),
            [("cycle", (*M2, "prerequisites"))],
            id="a module that waits for itself",
        ),
        pytest.param(put(*M2, "week", to=5), [("week_too_late", (*M2, "week"))], id="week after the end"),
        pytest.param(put(*M2, "week", to=1), [("week_order", (*M2, "week"))], id="week before a prerequisite's"),
        pytest.param(
            put(*M2, "assesses", 0, "competency", to="CN-09"),
            [
                ("unknown_competency", (*M2, "assesses", 0, "competency")),
                ("unreachable", ("certificates", 1, "thresholds", "CN-02")),
            ],
            id="unknown competency assessed",
        ),
        pytest.param(
            put(*M1, "assesses", to=[{"competency": "CN-01", "target": 2}, {"competency": "CN-01", "target": 3}]),
            [("duplicate", (*M1, "assesses", 1, "competency"))],
            id="competency assessed twice",
        ),
        pytest.param(
            put(*M1, "activities", 2, "formative", to=True),
            [
                ("unjudged", (*M1, "assesses")),
                ("unreachable", ("certificates", 1, "thresholds", "CN-01")),
            ],
            id="nothing to judge",
        ),
        pytest.param(
            put(*M1, "activities", 0, "formative", to=True),
            [("formative", (*M1, "activities", 0, "formative"))],
            id="formative self-study",
        ),
        pytest.param(
            lambda data: data["modules"][1].pop("codev_quorum"), [("codev_without_quorum", M2)], id="no quorum"
        ),
        pytest.param(
            put(*M1, "codev_quorum", to={"min_sessions_attended": 1, "min_times_client": 1}),
            [("quorum_sessions", (*M1, "codev_quorum", "min_sessions_attended"))],
            id="quorum without codevelopment",
        ),
        pytest.param(
            put(*M2, "codev_quorum", "min_sessions_attended", to=3),
            [("quorum_sessions", (*M2, "codev_quorum", "min_sessions_attended"))],
            id="quorum above the sessions",
        ),
        pytest.param(
            put(*M2, "codev_quorum", "min_times_client", to=2),
            [("quorum_client", (*M2, "codev_quorum", "min_times_client"))],
            id="client more often than present",
        ),
        pytest.param(
            put("certificates", 1, "kind", to="attestation_participation"),
            [
                ("duplicate", ("certificates", 1, "kind")),
                ("participation_thresholds", ("certificates", 1, "thresholds")),
            ],
            id="participation with levels",
        ),
        pytest.param(
            put("certificates", 1, "thresholds", to={}),
            [("certification_thresholds", ("certificates", 1))],
            id="certification without levels",
        ),
        pytest.param(
            put("certificates", 1, "thresholds", "CN-09", to=1),
            [("unknown_competency", ("certificates", 1, "thresholds", "CN-09"))],
            id="threshold of an unknown competency",
        ),
        pytest.param(
            put("certificates", 1, "thresholds", "CN-01", to=3),
            [("unreachable", ("certificates", 1, "thresholds", "CN-01"))],
            id="threshold out of reach",
        ),
        pytest.param(
            put("certificates", 1, "mandates", "min_distinct_enterprises", to=2),
            [("mandate_enterprises", ("certificates", 1, "mandates", "min_distinct_enterprises"))],
            id="more enterprises than mandates",
        ),
    ],
)
def test_a_broken_rule_is_found_where_it_is(bend: Bend, expected: list[tuple[str, Location]]) -> None:
    assert check(bend) == expected


UNFIT = {
    "self_study": {"onsite", "online", "hybrid", "field"},
    "workshop": {"async", "field"},
    "field_mandate": {"async", "onsite", "online", "hybrid"},
    "assessment": {"field"},
}


@pytest.mark.parametrize("mode", ["async", "onsite", "online", "hybrid", "field"])
@pytest.mark.parametrize("kind", sorted(UNFIT))
def test_modes_fit_types(kind: str, mode: str) -> None:
    expected = [("mode", (*M1, "activities", 0, "mode"))] if mode in UNFIT[kind] else []
    assert check(put(*M1, "activities", 0, to=activity("ESS-1.A", kind, mode, 1))) == expected


def test_codevelopment_needs_a_group() -> None:
    for mode in ("async", "field"):
        bend = put(*M2, "activities", 0, "mode", to=mode)
        assert check(bend) == [("mode", (*M2, "activities", 0, "mode"))]


def test_a_broken_sum_tells_both_totals_in_hours() -> None:
    data = samples.curriculum_data() | {"hours": 12}
    (finding,) = check_curriculum(Curriculum.model_validate(data), samples.framework())
    assert explain(finding.reason) == "Le parcours annonce 12\u00a0h, mais ses modules totalisent 10\u00a0h."


def test_a_cycle_names_its_modules_in_order() -> None:
    data = samples.curriculum_data()
    both(put(*M1, "prerequisites", to=["ESS-2"]), put(*M1, "week", to=4))(data)
    (finding,) = check_curriculum(Curriculum.model_validate(data), samples.framework())
    assert finding.reason.params["modules"] == "ESS-1 → ESS-2 → ESS-1"


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=4, unique=True), min_size=6, max_size=6))
def test_a_cycle_is_found_exactly_when_no_order_of_the_modules_exists(edges: list[list[int]]) -> None:
    data = samples.curriculum_data() | {"hours": 6, "certificates": [{"kind": "attestation_participation"}]}
    data["modules"] = [
        {
            "code": f"ESS-{n}",
            "title": samples.localized("Module"),
            "hours": 1,
            "week": 1,
            "prerequisites": [f"ESS-{before}" for before in edges[n]],
            "outcomes": [samples.localized("Savoir")],
            "activities": [activity(f"ESS-{n}.A", "self_study", "async", 1)],
        }
        for n in range(6)
    ]
    done: set[int] = set()
    for _ in range(6):
        done |= {n for n in range(6) if done.issuperset(edges[n])}
    codes = [code for code, _path in broken(check_curriculum(Curriculum.model_validate(data), samples.framework()))]
    assert codes == ([] if len(done) == 6 else ["cycle"])


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        (put("scale", 0, "level", to=2), [("level_order", ("scale", 0, "level"))]),
        (
            put("competencies", 1, "levels", 3, "level", to=1),
            [("level_order", ("competencies", 1, "levels", 3, "level"))],
        ),
        (put("competencies", 1, to=samples.competency("CN-01")), [("duplicate", ("competencies", 1, "code"))]),
        (put("competencies", 1, to=samples.competency("AB-02")), [("prefix", ("competencies", 1, "code"))]),
        (
            put("competencies", 0, "elements", 0, "code", to="CN-02.1"),
            [("prefix", ("competencies", 0, "elements", 0, "code"))],
        ),
        (
            put("competencies", 0, "criteria", 1, "code", to="CN-01.C1"),
            [("duplicate", ("competencies", 0, "criteria", 1, "code"))],
        ),
    ],
)
def test_a_broken_framework(bend: Bend, expected: list[tuple[str, Location]]) -> None:
    data = samples.framework_data()
    bend(data)
    assert broken(check_framework(Framework.model_validate(data))) == expected


def grid(*levels: int) -> list[dict[str, object]]:
    return [{"level": level, "fr": f"Niveau {level}."} for level in levels]


@pytest.mark.parametrize(
    ("grids", "expected"),
    [
        ((), []),
        (((1, 2, 3, 4), (1, 2, 3, 4)), []),
        (((1, 2, 3, 4), (1, 2, 3)), [("grid_levels", ("competencies", 0, "criteria", 1, "levels"))]),
        (((1, 2, 3, 4), (1, 2, 4, 3)), [
            ("level_order", ("competencies", 0, "criteria", 1, "levels", 2, "level")),
            ("level_order", ("competencies", 0, "criteria", 1, "levels", 3, "level")),
        ]),
        (((1, 2, 3, 4),), [("grid_partial", ("competencies", 0, "criteria", 1))]),
    ],
)  # fmt: skip
def test_grid_has_every_level_of_every_criterion_or_none(
    grids: tuple[tuple[int, ...], ...], expected: list[tuple[str, Location]]
) -> None:
    data = samples.framework_data()
    criteria = data["competencies"][0]["criteria"]
    assert len(criteria) == 2
    for criterion, levels in zip(criteria, grids, strict=False):
        criterion["levels"] = grid(*levels)
    framework = Framework.model_validate(data)
    assert broken(check_framework(framework)) == expected
    assert framework.competencies[0].has_grid is (len(grids) == 2)


PAGE = samples.page("ESS-1.A", 60)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("# Activité ESS-1.A", "# Activité\u00a0ESS-1.A", []),
        ("# Activité ESS-1.A", "# Autre titre", [("page_title", ())]),
        ("# Activité ESS-1.A\n", "", [("page_title", ())]),
        ("## Intention", "Perdu.\n\n## Intention", [("page_stray", ())]),
        ("# Activité", "Perdu.\n\n# Activité", [("page_stray", ())]),
        ("## À remettre", "## A remettre", [("page_headings", ())]),
        ("## À remettre", "### Détail\n\n## À remettre", [("page_headings", ())]),
        ("## À remettre", "# Second titre\n\n## À remettre", [("page_headings", ())]),
        ("1. Lire.\n2. Faire.", "- Lire.", [("page_steps", ("Démarche",))]),
        ("- **CN-01.C1** – se voit.", "Aucun.", [("page_criteria", ("Critères",))]),
        ("**CN-01.C1** –", "CN-01.C1 –", [("page_criterion_form", ("Critères", 0))]),
        ("CN-01.C1", "CN-01.C9", [("page_criterion_unknown", ("Critères", 0))]),
        ("CN-01.C1", "CN-02.C1", [("page_criterion_foreign", ("Critères", 0))]),
        ("\n## Temps", "- **CN-01.C1** – encore\n\n## Temps", [("duplicate", ("Critères", 1))]),
        ("10 min –", "10 minutes –", [("page_time_form", ("Temps", 1)), ("page_time_sum", ("Temps",))]),
        ("10 min –", "11 min –", [("page_time_sum", ("Temps",))]),
        ("10 min –", "10\u00a0min\u00a0–", []),
    ],
)
def test_a_page(old: str, new: str, expected: list[tuple[str, Location]]) -> None:
    module = samples.curriculum().module("ESS-1")
    page = outline(PAGE.replace(old, new, 1))
    assert broken(check_page(page, module.activities[0], module, samples.framework())) == expected


def test_a_module_that_assesses_nothing_may_use_any_criterion() -> None:
    data = samples.curriculum_data()
    data["modules"][0]["assesses"] = []
    module = Curriculum.model_validate(data).module("ESS-1")
    page = outline(PAGE.replace("CN-01.C1", "CN-02.C1"))
    assert check_page(page, module.activities[0], module, samples.framework()) == ()
