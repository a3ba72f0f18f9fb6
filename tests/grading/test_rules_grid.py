"""A criterion × level grid: its cells propose the level, and bind at every level (BR-12)."""

import pytest

from app.curricula.library import default_library
from app.curricula.schemas import Competency, Level
from app.grading.rules import decision_reasons, highest_cells, level_reasons, proposed_by_cells
from app.grading.schemas import CriterionLevel, CriterionText

PLAIN = default_library().framework("1.0").competency("CN-01")
TEXTS = tuple(Level(level=level, fr=f"Niveau {level}.") for level in range(1, 5))
GRID: Competency = PLAIN.model_copy(
    update={"criteria": tuple(c.model_copy(update={"levels": TEXTS}) for c in PLAIN.criteria)}
)


def cells(*levels: int) -> list[CriterionLevel]:
    """Return the cells ticked of the three criteria, in order; 0 ticks none."""
    pairs = zip(GRID.criteria, levels, strict=True)
    return [CriterionLevel(criterion=criterion.code, level=level) for criterion, level in pairs if level]


@pytest.mark.parametrize(
    ("ticked", "expected"), [((2, 3, 4), 2), ((1, 1, 1), 1), ((4, 4, 4), 4), ((0, 3, 3), None), ((0, 0, 0), None)]
)
def test_grid_proposes_the_lowest_of_the_criteria(ticked: tuple[int, int, int], expected: int | None) -> None:
    assert GRID.has_grid
    assert not PLAIN.has_grid
    assert proposed_by_cells(GRID, cells(*ticked)) == expected


def test_highest_cell_of_a_criterion_counts() -> None:
    assert highest_cells([*cells(1, 2, 3), *cells(3, 1, 0)]) == {"CN-01.C1": 3, "CN-01.C2": 2, "CN-01.C3": 3}


@pytest.mark.parametrize(
    ("level", "ticked", "expected"),
    [
        (2, (2, 3, 4), []),
        (1, (2, 3, 4), []),
        (3, (2, 3, 4), [("criteria_below", "level")]),
        (1, (0, 3, 3), [("criteria_below", "level")]),
        (1, (0, 0, 0), [("criterion_needed", "criteria_levels")]),
    ],
)
def test_criteria_of_a_grid_bind_at_every_level(
    level: int, ticked: tuple[int, int, int], expected: list[tuple[str, str]]
) -> None:
    assert [(r.code, r.field) for r in level_reasons(GRID, level, (), cells(*ticked))] == expected


def test_cells_and_texts_are_of_the_competency_and_cells_need_a_grid() -> None:
    other = CriterionLevel(criterion="CN-02.C1", level=2)
    said = CriterionText(criterion="CN-02.C1", text="x")
    assert [(r.code, r.field) for r in level_reasons(GRID, 2, (), [*cells(2, 2, 2), other], [said])] == [
        ("criterion_unknown", "criteria_levels.3.criterion"),
        ("criterion_unknown", "criteria_feedback.0.criterion"),
    ]
    assert [r.code for r in level_reasons(PLAIN, 2, ("CN-01.C1",), cells(2, 2, 2))] == ["no_grid"]


@pytest.mark.parametrize(
    ("level", "comment", "expected"),
    [(2, None, []), (1, None, ["comment_needed"]), (1, "Une preuve seule.", []), (3, None, [])],
)
def test_lower_level_than_the_grid_proposes_needs_a_comment(
    level: int, comment: str | None, expected: list[str]
) -> None:
    assert [r.code for r in decision_reasons(GRID, level, (), comment, cells(2, 3, 4))] == expected


def test_without_any_proposal_the_level_itself_is_refused() -> None:
    assert decision_reasons(GRID, 1, (), None, cells(0, 3, 3)) == []


def test_criterion_met_that_is_not_of_the_competency_is_refused_with_a_grid_too() -> None:
    (reason,) = level_reasons(GRID, 2, ("CN-02.C1",), cells(2, 2, 2))
    assert (reason.code, reason.field) == ("criterion_unknown", "criteria_met.0")
