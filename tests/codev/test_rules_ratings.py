"""Rules of ratings: when a questionnaire is open, what its box holds, and when results are shown."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codev.ratings.enums import RatingQuestion, RatingState
from app.codev.ratings.rules import (
    BOX_BYTES,
    EMPTY,
    add_answer,
    answer_reasons,
    hidden_reasons,
    mean_of,
    padded,
    state_of,
    window_of,
)
from app.codev.ratings.schemas import BoxContent

START = datetime(2026, 11, 10, 18, tzinfo=UTC)
DAY = timedelta(days=1)
MARKS = st.fixed_dictionaries({question: st.integers(1, 5) for question in RatingQuestion})
ANSWERS = st.lists(st.tuples(MARKS, st.none() | st.text(max_size=500)), max_size=8)


def box_of(answers: Sequence[tuple[dict[RatingQuestion, int], str | None]]) -> BoxContent:
    box = EMPTY
    for marks, comment in answers:
        box = add_answer(box, marks, comment)
    return box


def test_review_is_answered_in_the_week_before_and_another_session_in_the_week_after() -> None:
    before, after = window_of("SPE-9.05", START), window_of("GEN-7.A", START)
    assert (before.opens_at, before.closes_at) == (START - 7 * DAY, START)
    assert (after.opens_at, after.closes_at) == (START, START + 7 * DAY)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START - timedelta(seconds=1), RatingState.NOT_OPEN),
        (START, RatingState.OPEN),
        (START + 7 * DAY - timedelta(seconds=1), RatingState.OPEN),
        (START + 7 * DAY, RatingState.CLOSED),
    ],
)
def test_questionnaire_opens_and_closes(at: datetime, expected: RatingState) -> None:
    assert state_of("GEN-7.A", START, [], at, cancelled=False) is expected
    assert state_of("GEN-7.A", START, [], at, cancelled=True) is RatingState.CANCELLED


def test_questionnaire_that_closed_stays_closed_when_its_session_is_moved() -> None:
    moved_late = [(START - 30 * DAY, START - 20 * DAY)]
    moved_early = [(START - 30 * DAY, START - 31 * DAY)]
    assert state_of("GEN-7.A", START, moved_late, START, cancelled=False) is RatingState.CLOSED
    assert state_of("GEN-7.A", START, moved_early, START, cancelled=False) is RatingState.OPEN


@pytest.mark.parametrize(
    ("state", "answered", "destroyed", "expected"),
    [
        (RatingState.OPEN, False, False, []),
        (RatingState.OPEN, True, False, ["rating_answered"]),
        (RatingState.OPEN, False, True, ["rating_destroyed"]),
        (RatingState.NOT_OPEN, False, False, ["rating_not_open"]),
        (RatingState.CLOSED, True, True, ["rating_closed"]),
        (RatingState.CANCELLED, False, False, ["rating_cancelled"]),
    ],
)
def test_answer_is_given_once_while_open(
    state: RatingState, answered: bool, destroyed: bool, expected: list[str]
) -> None:
    assert [r.code for r in answer_reasons(state, answered=answered, destroyed=destroyed)] == expected


@pytest.mark.parametrize(
    ("state", "answers", "destroyed", "expected"),
    [
        (RatingState.OPEN, 8, False, ["rating_results_later"]),
        (RatingState.NOT_OPEN, 0, False, ["rating_results_later"]),
        (RatingState.CANCELLED, 8, False, ["rating_cancelled"]),
        (RatingState.CLOSED, 2, False, ["rating_too_few"]),
        (RatingState.CLOSED, 3, True, ["rating_destroyed"]),
        (RatingState.CLOSED, 3, False, []),
    ],
)
def test_results_are_shown_once_closed_and_from_three_answers_on(
    state: RatingState, answers: int, destroyed: bool, expected: list[str]
) -> None:
    assert [r.code for r in hidden_reasons(state, answers, destroyed=destroyed)] == expected


@given(ANSWERS, st.randoms())
def test_box_is_the_same_whatever_the_order_of_the_answers(answers: list, random: object) -> None:  # type: ignore[type-arg]
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert box_of(answers) == box_of(shuffled)
    assert all(sum(counts) == len(answers) for counts in box_of(answers).counts.values())


def test_box_does_not_say_which_marks_were_given_together() -> None:
    values = [(1, 5, 3), (5, 1, 3), (3, 3, 3)]
    boxes = set()
    for climate in permutations(v[1] for v in values):
        answers = [
            (dict(zip(RatingQuestion, (v[0], c, v[2]), strict=True)), None)
            for v, c in zip(values, climate, strict=True)
        ]
        boxes.add(box_of(answers).model_dump_json())
    assert len(boxes) == 1


@given(ANSWERS)
def test_box_has_one_length_whatever_was_answered(answers: list) -> None:  # type: ignore[type-arg]
    text = padded(box_of(answers).model_dump_json())
    assert len(text.encode()) == BOX_BYTES
    assert BoxContent.model_validate_json(text) == box_of(answers)


def test_mean_is_to_one_decimal() -> None:
    assert mean_of((0, 0, 1, 1, 1)) == 4.0
    assert mean_of((1, 0, 0, 2, 0)) == 3.0
    assert mean_of((0, 1, 0, 2, 0)) == 3.3
    assert mean_of((0, 0, 0, 0, 0)) is None
