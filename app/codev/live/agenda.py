"""The plan of a session: its parts and the steps of its consultations, each with its planned time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.codev.protocols.enums import SessionPart, Variant
from app.codev.protocols.rules import planned_minutes
from app.codev.protocols.schemas import MeetingPart, Protocol

MINUTE = 60
STEP_FIVE = 4
"""The place of the fifth step of a consultation: before it, a client who leaves postpones the consultation (S4)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of the session, or a step of a consultation: ``position`` and ``step`` are then its own, from 1 and 0."""

    part: SessionPart
    seconds: int
    position: int | None = None
    step: int | None = None


def agenda(protocol: Protocol, variants: Mapping[int, Variant]) -> tuple[Slot, ...]:
    """Return the plan of a session whose consultations, by position, follow these variants.

    Its parts are those of the session in the protocol; a break stands in the middle where there are several
    consultations.
    """
    meeting = protocol.variants[0].meeting
    positions = sorted(variants)
    rest_at = (len(positions) + 1) // 2 if len(positions) > 1 else None
    slots = [*_parts(meeting, SessionPart.OPENING), *_parts(meeting, SessionPart.FOLLOW_UP)]
    for place, position in enumerate(positions):
        if place == rest_at:
            slots += _parts(meeting, SessionPart.BREAK)
        slots += _steps(protocol, meeting, place, position, variants[position])
    return (*slots, *_parts(meeting, SessionPart.CLOSING))


def _parts(meeting: Sequence[MeetingPart], part: SessionPart) -> list[Slot]:
    return [Slot(part, p.minutes * MINUTE) for p in meeting if p.part is part]


def _steps(
    protocol: Protocol, meeting: Sequence[MeetingPart], place: int, position: int, variant: Variant
) -> list[Slot]:
    lengths = [p.minutes for p in meeting if p.part is SessionPart.CONSULTATION]
    total = lengths[min(place, len(lengths) - 1)]
    minutes = planned_minutes(protocol.variant(variant), total)
    return [Slot(SessionPart.CONSULTATION, n * MINUTE, position, step) for step, n in enumerate(minutes)]


def consultation_at(slots: Sequence[Slot], place: int | None) -> int | None:
    """Return the position of the consultation under way at a place, else of the next one; ``None`` after the last."""
    return next((s.position for s in slots[place or 0 :] if s.position is not None), None)


def first_step(slots: Sequence[Slot], position: int) -> int:
    """Return the place of the first step of a consultation."""
    return next(n for n, s in enumerate(slots) if s.position == position)
