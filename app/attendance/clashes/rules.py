"""Pure rules of clashes: who is taken by what, said in few sentences, and the mark of those that were read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.platform.errors import Reason, Scalar
from app.platform.json import dumps

MOST_NAMES = 3
"""The most people that one sentence names; it counts the others."""

FIELD = "clashes_seen"
CODES = {
    "venue": ("clash_venue", "clash_venue_busy"),
    "trainer": ("clash_trainer", "clash_trainer_busy"),
    "people": ("clash_people", "clash_people_busy"),
}
"""What is said of each kind: of a session that the reader may know of, and of another."""
NO_CLASH = "none"
"""The mark of no clash."""


class SessionKey(NamedTuple):
    """Which session it is; both are ``None`` for one of another college, of which the hours alone are known."""

    is_codev: bool | None
    id: int | None


@dataclass(frozen=True, slots=True)
class Other:
    """Another session meanwhile; ``activity`` and ``cohort`` are ``None`` when its calendar is not the reader's."""

    session: SessionKey
    starts_at: datetime
    planned_minutes: int
    activity: str | None
    cohort: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Who is taken by another session: a person of the session or one of its trainers, by id, or its venue."""

    kind: str
    person_id: int | None
    name: str
    other: Other


class Clashes(NamedTuple):
    """What a session clashes with, as it is said, and the mark of exactly that."""

    reasons: list[Reason]
    mark: str


def clashes_of(taken: Sequence[Taken], zone: str) -> Clashes:
    """Return what is taken, as it is said on a clock, with its mark."""
    return Clashes(clash_reasons(taken, zone), mark_of_clashes(taken))


def clash_reasons(taken: Iterable[Taken], zone: str) -> list[Reason]:
    """Return what is taken, the venue first, then trainers, then people: one sentence for each other session.

    Hours are those of the session's own zone, even when the other is held elsewhere.
    """
    names: dict[tuple[str, Other], list[str]] = {}
    for it in dict.fromkeys(taken):  # two sessions elsewhere at one hour are one to the reader
        names.setdefault((it.kind, it.other), []).append(it.name)
    order = list(CODES)
    found = sorted(names.items(), key=lambda pair: (order.index(pair[0][0]), pair[0][1].starts_at))
    return [_reason(kind, other, sorted(who), zone) for (kind, other), who in found]


def _reason(kind: str, other: Other, names: Sequence[str], zone: str) -> Reason:
    ends_at = other.starts_at + timedelta(minutes=other.planned_minutes)
    more = len(names) - MOST_NAMES
    params: dict[str, Scalar] = {
        "names": ", ".join(names[:MOST_NAMES]) + (f" (+{more})" if more > 0 else ""),
        "begins_at": other.starts_at.astimezone(ZoneInfo(zone)).isoformat(),
        "ends_at": ends_at.astimezone(ZoneInfo(zone)).isoformat(),
    }
    known, busy = CODES[kind]
    if other.activity is None:
        return Reason(busy, params, FIELD)
    return Reason(known, {**params, "activity": other.activity, "cohort": other.cohort}, FIELD)


def mark_of_clashes(taken: Sequence[Taken]) -> str:
    """Return the mark of some clashes: another one as soon as anyone, or a session that takes them, is another."""
    if not taken:
        return NO_CLASH
    marked = sorted(
        dumps([it.kind, it.person_id, *it.other.session, it.other.starts_at.isoformat(), it.other.planned_minutes])
        for it in taken
    )
    return sha256(dumps(marked).encode()).hexdigest()[:16]
