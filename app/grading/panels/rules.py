"""Pure rules of panels: until when a review is asked, who is named, and what their levels decide together.

Sources: BR-12, BR-13, S5.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.grading.panels.enums import Basis, PanelKind, PanelState
from app.platform.errors import Reason
from app.platform.working_days import add_working_days

SEATS = {PanelKind.REVIEW: 1, PanelKind.CONFLICT: 1, PanelKind.COMMITTEE: 3, PanelKind.DOUBLE: 2}
"""How many assessors each kind has from the start."""

MOST_SEATS = {**SEATS, PanelKind.DOUBLE: 3}
"""How many assessors each kind has at most: a third one decides a double assessment."""

MAJORITY = 2

TAKEN = frozenset({PanelKind.REVIEW, PanelKind.CONFLICT})
"""The kinds that a trainer of the college takes from the list."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A place of an assessor on a panel; a later seat supersedes the one of somebody who may no longer judge.

    ``declared``: they declared an interest in the person or in an enterprise of theirs (S6).
    """

    id: int
    assessor_id: int
    supersedes_id: int | None = None
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """The level that an assessor gave in a round."""

    assessor_id: int
    round: int
    level: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The level that a panel decided, how, and the assessor whose criteria and reasons it takes."""

    level: int
    basis: Basis
    assessor_id: int


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What was decided before on the judgement that is contested: its day, and whether by a review or a committee."""

    decided_on: date
    by: PanelKind | None = None


def next_kind(before: LastDecision) -> PanelKind | None:
    """Return what the person may ask: a review, then a committee, then nothing more."""
    if before.by is PanelKind.COMMITTEE:
        return None
    return PanelKind.COMMITTEE if before.by is PanelKind.REVIEW else PanelKind.REVIEW


def ask_reasons(before: LastDecision, today: date, days: int, *, is_current: bool, is_open: bool) -> list[Reason]:
    """Return why a judgement is not contested: it was replaced, is so already, was decided on, or it is too late."""
    if not is_current:
        return [Reason("judgement_replaced")]
    if is_open:
        return [Reason("panel_open")]
    if next_kind(before) is None:
        return [Reason("appeals_exhausted")]
    until = add_working_days(before.decided_on, days)
    return [Reason("review_too_late", {"until_on": until.isoformat(), "days": days})] if today > until else []


def judging_reasons(open_panels: Iterable[tuple[PanelKind, int | None]], supersedes: int | None) -> list[Reason]:
    """Return why nobody judges alone: the judgement is contested, or two assess the competency together.

    ``open_panels`` are those of the competency, each with the judgement that it reviews.
    """
    blocked = any(kind is PanelKind.DOUBLE or judged == supersedes for kind, judged in open_panels)
    return [Reason("panel_open", field="supersedes")] if blocked else []


def current_assessors(seats: Iterable[Seat]) -> list[int]:
    """Return the assessors of a panel by place, from its seats in the order in which they were named."""
    places: list[Seat] = []
    for seat in seats:
        place = next((n for n, other in enumerate(places) if other.id == seat.supersedes_id), len(places))
        places[place : place + 1] = [seat]
    return [seat.assessor_id for seat in places]


def counted_votes(seats: Collection[Seat], votes: Iterable[Vote], *, decided: bool = False) -> list[Vote]:
    """Return the levels that count: not those of who was replaced, nor of who declared an interest before the end."""
    seated = set(current_assessors(seats))
    if not decided:
        seated -= {seat.assessor_id for seat in seats if seat.declared}
    return [vote for vote in votes if vote.assessor_id in seated]


def naming_reasons(
    kind: PanelKind,
    seated: Sequence[int],
    named: Sequence[int],
    *,
    differs: bool,
    eligible: Collection[int],
    vacant: int = 0,
) -> list[Reason]:
    """Return why these assessors are not named: not as many as are missing, one twice, or one who may not."""
    wanted = wanted_seats(kind, len(seated), differs=differs, vacant=vacant)
    if wanted == 0:
        return [Reason("panel_full")]
    reasons = []
    if len(set(named)) != wanted or len(named) != wanted:
        reasons.append(Reason("assessors_wanted", {"n": wanted}, "assessor_ids"))
    if any(id_ in seated or id_ not in eligible for id_ in named):
        reasons.append(Reason("assessor_not_eligible", field="assessor_ids"))
    return reasons


def wanted_seats(kind: PanelKind, seated: int, *, differs: bool, vacant: int = 0) -> int:
    """Return how many assessors are still to name: those of the kind, a third one where two differ, or who replaces.

    ``vacant`` is how many seats are of somebody to replace (:func:`vacant_seats`).
    """
    if seated < SEATS[kind]:
        return SEATS[kind] - seated
    return vacant or (MOST_SEATS[kind] - seated if differs else 0)


def vacant_seats(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote], able: Collection[int]) -> list[int]:
    """Return the assessors to replace: the panel waits for their level and they may no longer judge.

    Where two differ, the third one decides in their place: nobody is replaced. ``able`` may still judge.
    """
    if rounds_done(kind, seats, votes) and len(seats) < MOST_SEATS[kind]:
        return []
    return [id_ for id_ in awaited(kind, seats, votes) if id_ not in able]


def awaited(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote]) -> list[int]:
    """Return the assessors whose level a panel waits for: the third one, else those who gave none in the round."""
    if len(seats) > SEATS[kind]:
        return list(seats[SEATS[kind] :])
    done = rounds_done(kind, seats, votes)
    given = {v.assessor_id for v in votes if v.round > done}
    return [id_ for id_ in seats if id_ not in given]


def outcome(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote]) -> Outcome | None:
    """Return what the levels decide, once everyone seated has spoken in the last round; ``None`` when nothing yet.

    The same level decides. Two that differ decide nothing, on one side of a threshold or across it: they confer and
    speak again, or a third decides. Of three, two of one level decide. Nobody averages.
    """
    first = seats[: SEATS[kind]]
    third = next((v for v in votes if v.assessor_id not in first), None)
    if third is not None:
        return Outcome(third.level, Basis.THIRD, third.assessor_id)
    number = rounds_done(kind, seats, votes)
    levels = [(v.level, v.assessor_id) for v in votes if v.round == number]
    for level, assessor in levels:
        same = sum(level == other for other, _ in levels)
        if same == len(first):
            return Outcome(level, _same(len(first), number), assessor)
        if kind is PanelKind.COMMITTEE and same == MAJORITY:
            return Outcome(level, Basis.MAJORITY, assessor)
    return None


def _same(seats: int, number: int) -> Basis:
    if seats == 1:
        return Basis.SINGLE
    return Basis.AGREEMENT if number == 1 else Basis.CONSENSUS


def rounds_done(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote]) -> int:
    """Return how many rounds are complete: each assessor of the kind spoke in them."""
    first = seats[: SEATS[kind]]
    if len(first) < SEATS[kind]:
        return 0
    return min(max((v.round for v in votes if v.assessor_id == id_), default=0) for id_ in first)


def speaking_round(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote], assessor: int) -> int:
    """Return the round in which an assessor speaks: the next one, or for who joins a panel the one it is in."""
    if any(v.assessor_id == assessor for v in votes) or len(seats) > SEATS[kind]:
        return rounds_done(kind, seats, votes) + 1
    return max((v.round for v in votes), default=1)


def state_of(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote], *, decided: bool) -> PanelState:
    """Return how far a panel is."""
    if decided:
        return PanelState.DECIDED
    if len(seats) < SEATS[kind]:
        return PanelState.TO_NAME
    return PanelState.DIFFERING if rounds_done(kind, seats, votes) else PanelState.READING


def speaking_reasons(kind: PanelKind, seats: Sequence[int], votes: Sequence[Vote], assessor: int) -> list[Reason]:
    """Return why an assessor records no level now: the panel is not complete, they spoke, or a third one decides."""
    if len(seats) < SEATS[kind]:
        return [Reason("panel_incomplete")]
    if assessor in awaited(kind, seats, votes):
        return []
    return [Reason("third_decides" if len(seats) > SEATS[kind] else "opinion_recorded")]


def lowering_reasons(kind: PanelKind, level: int, contested: int | None) -> list[Reason]:
    """Return why a level is refused: what a person asked for never lowers the level that they contest (S5)."""
    if contested is None or kind is PanelKind.CONFLICT or level >= contested:
        return []
    return [Reason("review_lowers", {"level": level, "before": contested}, "level")]


def straddles(levels: Collection[int], threshold: int | None) -> bool:
    """Return whether levels stand on both sides of a threshold: one reaches it, another does not."""
    return threshold is not None and min(levels, default=threshold) < threshold <= max(levels, default=0)


def shows_opinion(vote: Vote, done: int, *, reader: int, own_case: bool, decided: bool) -> bool:
    """Return whether a reader reads an opinion: one's own, others' once all spoke; the person judged, at the end."""
    if decided or vote.assessor_id == reader:
        return True
    return not own_case and vote.round <= done
