"""Pure rules of ratings: when a questionnaire is open, what an answer adds to its box, when results are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.codev.ratings.enums import RatingQuestion, RatingState
from app.codev.ratings.schemas import BoxContent
from app.platform.errors import Reason

SCALE = (1, 2, 3, 4, 5)
MIN_ANSWERS = 3
"""From how many answers on results are shown."""
DAYS = 7
"""How many days a questionnaire is open."""
ANSWERED_BEFORE = frozenset({"SPE-9.05", "SPE-9.10"})
"""The reviews whose page asks to answer before the meeting, about the sessions so far; the others are rated after."""
REFUSED_WHEN = {
    RatingState.NOT_OPEN: "rating_not_open",
    RatingState.CLOSED: "rating_closed",
    RatingState.CANCELLED: "rating_cancelled",
}
"""The code of the refusal of an answer, by where the questionnaire stands."""
BOX_BYTES = 32_768
"""What a box is padded to, so that its length does not say that somebody wrote a comment."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when a questionnaire may be answered; its end is excluded."""

    opens_at: datetime
    closes_at: datetime


def window_of(activity_code: str, starts_at: datetime) -> Window:
    """Return when the questionnaire of a session is open: the week before a review, else the week after the start."""
    week = timedelta(days=DAYS)
    return (
        Window(starts_at - week, starts_at) if activity_code in ANSWERED_BEFORE else Window(starts_at, starts_at + week)
    )


def state_of(
    activity_code: str,
    starts_at: datetime,
    moves: Iterable[tuple[datetime, datetime]],
    at: datetime,
    *,
    cancelled: bool,
) -> RatingState:
    """Return where a questionnaire stands; ``moves`` are the ``(start before, moment of the change)`` of its session.

    Once closed it stays so: results that were shown would otherwise change by one answer.
    """
    if cancelled:
        return RatingState.CANCELLED
    window = window_of(activity_code, starts_at)
    if at >= window.closes_at or any(window_of(activity_code, start).closes_at <= moved for start, moved in moves):
        return RatingState.CLOSED
    return RatingState.OPEN if at >= window.opens_at else RatingState.NOT_OPEN


def answer_reasons(state: RatingState, *, answered: bool, destroyed: bool) -> list[Reason]:
    """Return why a member cannot answer: not open, closed, cancelled, answered already, or destroyed."""
    if state is not RatingState.OPEN:
        return [Reason(REFUSED_WHEN[state])]
    if answered:
        return [Reason("rating_answered")]
    return [Reason("rating_destroyed")] if destroyed else []


def hidden_reasons(state: RatingState, answers: int, *, destroyed: bool) -> list[Reason]:
    """Return why no result is shown: still to close, fewer than three answers, or destroyed."""
    if state is not RatingState.CLOSED:
        return [Reason("rating_cancelled" if state is RatingState.CANCELLED else "rating_results_later")]
    if answers < MIN_ANSWERS:
        return [Reason("rating_too_few", {"min": MIN_ANSWERS})]
    return [Reason("rating_destroyed")] if destroyed else []


EMPTY = BoxContent(counts={question: (0,) * len(SCALE) for question in RatingQuestion}, comments=())


def add_answer(box: BoxContent, marks: Mapping[RatingQuestion, int], comment: str | None) -> BoxContent:
    """Return a box with one more answer: each question counted by itself, comments in alphabetical order.

    The same answers in any order make the same box, which does not say what was answered together.
    """
    counts = {
        question: tuple(n + (marks[question] == mark) for mark, n in zip(SCALE, box.counts[question], strict=True))
        for question in RatingQuestion
    }
    return BoxContent(counts=counts, comments=tuple(sorted([*box.comments, *([comment] if comment else [])])))


def padded(text: str) -> str:
    """Return a JSON text with blanks behind it, up to the next multiple of the length of a box in bytes."""
    return text + " " * (-len(text.encode()) % BOX_BYTES)


def mean_of(counts: Iterable[int]) -> float | None:
    """Return the mean mark to one decimal; ``None`` without an answer."""
    numbered = list(zip(SCALE, counts, strict=True))
    answers = sum(n for _, n in numbered)
    return round(sum(mark * n for mark, n in numbered) / answers, 1) if answers else None
