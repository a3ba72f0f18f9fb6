"""The state of a session as the fold of its events, and what may be done in it (S4, BR-10). Pure.

Time is an argument: the same events give the same state to everyone who reads it, at any moment.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.codev.live.agenda import MINUTE, STEP_FIVE, Slot, agenda, consultation_at, first_step
from app.codev.live.enums import LiveAction as A
from app.codev.live.enums import LivePhase, Tone
from app.codev.protocols.enums import Variant
from app.codev.protocols.schemas import Protocol
from app.codev.records.enums import TurnReason
from app.platform.errors import Reason

OPENS = timedelta(hours=1)
"""How long before its hour a session may be prepared and started on its screen."""
AMBER, RED = 0.2, 0.05
SWAP_REASONS = (TurnReason.ABSENCE, TurnReason.PASS)
"""Why a reserve client takes a turn."""


@dataclass(frozen=True, slots=True)
class Done:
    """An event: what was done, when, about whom, for which kind of reason."""

    action: A
    at: datetime
    membership_id: int | None = None
    reason: TurnReason | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The client and the reserve of a consultation, as planned; ``None`` where nobody is."""

    position: int
    client_id: int | None = None
    reserve_id: int | None = None


@dataclass(frozen=True, slots=True)
class Swapped:
    """A turn that the reserve took from the planned client; with notice when it was said before the start (S4)."""

    position: int
    planned_id: int | None
    reason: TurnReason | None
    with_notice: bool


@dataclass(slots=True)
class State:
    """A session after its events; ``place`` is that of the slot under way, ``None`` before the start.

    ``spent`` are the seconds of each slot without its pauses; of the one under way since ``running_since``, those
    before. ``moved`` are the seconds given to a slot, or taken from it, by a touch.
    """

    protocol: Protocol
    turns: dict[int, Planned]
    variants: dict[int, Variant]
    slots: tuple[Slot, ...]
    place: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    running_since: datetime | None = None
    spent: dict[int, float] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    swaps: list[Swapped] = field(default_factory=list)
    postponed: dict[int, TurnReason | None] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)
    presence: dict[int, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)

    @property
    def phase(self) -> LivePhase:
        """How far the session is, by its events alone."""
        if self.finished_at is not None:
            return LivePhase.FINISHED
        return LivePhase.WAITING if self.started_at is None else LivePhase.UNDERWAY

    @property
    def position(self) -> int | None:
        """The consultation under way, else the next one."""
        return consultation_at(self.slots, self.place)

    @property
    def here(self) -> frozenset[int]:
        """The memberships of those who are there."""
        return frozenset(id_ for id_, spans in self.presence.items() if spans[-1][1] is None)

    def seconds_of(self, place: int) -> int:
        """Return the time that a slot has now."""
        return self.slots[place].seconds + self.moved.get(place, 0)

    def spent_on(self, place: int, now: datetime) -> float:
        """Return the seconds that a slot has taken so far."""
        running = place == self.place and self.running_since is not None
        more = (now - self.running_since).total_seconds() if running and self.running_since else 0.0
        return self.spent.get(place, 0.0) + max(more, 0.0)

    def left(self, now: datetime) -> float | None:
        """Return the seconds left of the slot under way, less than none when it is over its time."""
        return None if self.place is None else self.seconds_of(self.place) - self.spent_on(self.place, now)


def tone_of(left: float, planned: int) -> Tone:
    """Return how urgent the time left is: amber at a fifth of the planned time, red at a twentieth."""
    if left <= planned * RED:
        return Tone.RED
    return Tone.AMBER if left <= planned * AMBER else Tone.CALM


def effective(events: Iterable[Done]) -> list[Done]:
    """Return the events that stand: each ``UNDO`` takes the last one that stands away."""
    standing: list[Done] = []
    for event in events:
        if event.action is not A.UNDO:
            standing.append(event)
        elif standing:
            standing.pop()
    return standing


def fold(protocol: Protocol, planned: Sequence[Planned], events: Iterable[Done]) -> State:
    """Return the state of a session after its events; without a planned role it has one consultation."""
    turns = {turn.position: turn for turn in planned or (Planned(1),)}
    variants = dict.fromkeys(turns, Variant.STANDARD)
    state = State(protocol, turns, variants, agenda(protocol, variants))
    for event in effective(events):
        STEPS[event.action](state, event)
    return state


# What each event does ----------------------------------------------------------------------------


def _stop_clock(state: State, at: datetime) -> None:
    if state.place is not None:
        state.spent[state.place] = state.spent_on(state.place, at)
    state.running_since = None


def _go_to(state: State, place: int, at: datetime) -> None:
    _stop_clock(state, at)
    state.place, state.running_since = place, at
    slot = state.slots[place]
    if slot.position is not None and slot.step is not None:
        state.reached[slot.position] = max(slot.step, state.reached.get(slot.position, 0))


def _start(state: State, event: Done) -> None:
    state.started_at = event.at
    _go_to(state, 0, event.at)


def _next(state: State, event: Done) -> None:
    _go_to(state, (state.place or 0) + 1, event.at)


def _next_consultation(state: State, event: Done) -> None:
    _go_to(state, first_step(state.slots, _following(state) or 1), event.at)


def _pause(state: State, event: Done) -> None:
    _stop_clock(state, event.at)


def _resume(state: State, event: Done) -> None:
    state.running_since = event.at


def _move_minute(state: State, sign: int) -> None:
    place = state.place or 0
    for changed, seconds in ((place, sign * MINUTE), (place + 1, -sign * MINUTE)):
        state.moved[changed] = state.moved.get(changed, 0) + seconds


def _here(state: State, event: Done) -> None:
    state.presence.setdefault(event.membership_id or 0, []).append((event.at, None))


def _away(state: State, event: Done) -> None:
    spans = state.presence[event.membership_id or 0]
    spans[-1] = (spans[-1][0], event.at)


def _swap(state: State, event: Done) -> None:
    position = state.position or 1
    turn = state.turns[position]
    state.turns[position] = Planned(position, turn.reserve_id, turn.client_id)
    notice = state.started_at is None
    state.swaps.append(Swapped(position, turn.client_id, event.reason, with_notice=notice))


def _express(state: State, event: Done) -> None:
    position = state.position or 1
    state.variants[position] = Variant.EXPRESS
    state.slots = agenda(state.protocol, state.variants)
    first = first_step(state.slots, position)
    dropped = sum(state.moved.pop(n, 0) for n, slot in enumerate(state.slots) if slot.position == position)
    state.moved[first - 1] = state.moved.get(first - 1, 0) + dropped  # what the slot before gave it, or took from it


def _postpone(state: State, event: Done) -> None:
    position = state.position or 1
    state.postponed[position] = event.reason
    after = next(n for n, s in enumerate(state.slots) if n > (state.place or 0) and s.position != position)
    _go_to(state, after, event.at)


def _finish(state: State, event: Done) -> None:
    _stop_clock(state, event.at)
    state.finished_at = event.at


STEPS: Mapping[A, Callable[[State, Done], None]] = {
    A.START: _start,
    A.NEXT: _next,
    A.NEXT_CONSULTATION: _next_consultation,
    A.PAUSE: _pause,
    A.RESUME: _resume,
    A.MORE: lambda state, _: _move_minute(state, 1),
    A.LESS: lambda state, _: _move_minute(state, -1),
    A.HERE: _here,
    A.AWAY: _away,
    A.SWAP: _swap,
    A.EXPRESS: _express,
    A.POSTPONE: _postpone,
    A.FINISH: _finish,
}


# What may be done ---------------------------------------------------------------------------------


def _following(state: State) -> int | None:
    """Return the consultation after the one under way; before the first one, the first."""
    slot = state.slots[state.place or 0]
    others = (p for p in sorted(state.turns) if slot.position is None or p > slot.position)
    begun = max((p for p in state.reached), default=0)
    return next((p for p in others if p > begun), None)


def _step(state: State) -> int:
    """Return the step of the consultation under way; -1 while it has not begun."""
    return -1 if state.place is None else (-1 if (step := state.slots[state.place].step) is None else step)


def _has_next(state: State) -> bool:
    return state.place is not None and state.place + 1 < len(state.slots)


def _gives(state: State, place: int | None) -> bool:
    """Whether a slot may give a minute: it keeps one at least."""
    return place is not None and place < len(state.slots) and state.seconds_of(place) >= 2 * MINUTE


NOT_NOW = "live_not_now"
"""The reason of what is well formed and makes no sense at this moment of the session."""

CONDITIONS: Mapping[A, Callable[[State], bool]] = {
    A.START: lambda s: s.started_at is None,
    A.NEXT: _has_next,
    A.NEXT_CONSULTATION: lambda s: s.place is not None and _following(s) is not None,
    A.PAUSE: lambda s: s.running_since is not None,
    A.RESUME: lambda s: s.place is not None and s.running_since is None,
    A.MORE: lambda s: _has_next(s) and _gives(s, (s.place or 0) + 1),
    A.LESS: lambda s: _has_next(s) and _gives(s, s.place),
    A.HERE: lambda _: True,
    A.AWAY: lambda s: bool(s.here),
    A.SWAP: lambda s: s.position is not None and _step(s) <= 0 and s.turns[s.position].reserve_id is not None,
    A.EXPRESS: lambda s: s.position is not None and _step(s) <= 0 and s.variants[s.position] is Variant.STANDARD,
    A.POSTPONE: lambda s: 0 <= _step(s) < STEP_FIVE,
    A.FINISH: lambda s: s.started_at is not None,
}
"""When each action makes sense, in a session that is not finished."""


def allowed(state: State, events: Sequence[Done]) -> tuple[A, ...]:
    """Return what may be done now, in the order of the screen."""
    undo = (A.UNDO,) if effective(events) else ()
    if state.finished_at is not None:
        return undo
    return (*(action for action, condition in CONDITIONS.items() if condition(state)), *undo)


def command_reasons(
    state: State, events: Sequence[Done], action: A, membership_id: int | None, reason: TurnReason | None, *,
    roster: Iterable[int],
) -> list[Reason]:  # fmt: skip
    """Return why an action is refused: it makes no sense now, names nobody of the group, or lacks its reason."""
    if action not in allowed(state, events):
        return [Reason(NOT_NOW, field="action")]
    reasons = []
    if action in {A.HERE, A.AWAY} and membership_id not in set(roster):
        reasons.append(Reason("not_of_the_group", field="membership_id"))
    elif (action is A.HERE and membership_id in state.here) or (action is A.AWAY and membership_id not in state.here):
        reasons.append(Reason(NOT_NOW, field="membership_id"))
    if action not in {A.HERE, A.AWAY} and membership_id is not None:
        reasons.append(Reason("live_not_about_someone", field="membership_id"))
    choices = {A.SWAP: SWAP_REASONS, A.POSTPONE: tuple(TurnReason)}.get(action)
    if choices is None and reason is not None:
        reasons.append(Reason("turn_reason_unneeded", field="reason"))
    if choices is not None and reason not in choices:
        reasons.append(Reason("turn_reason_missing", field="reason"))
    return reasons
