"""Pure rules of one's own file: the period, the roles held in a session, the totals by year and by role."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from app.codev.own_file.enums import FileRole
from app.codev.records.enums import TurnStatus
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.rules import HELD
from app.platform.schema import Read

DURING = {
    CodevRole.OBSERVER: FileRole.OBSERVER,
    CodevRole.NOTE_TAKER: FileRole.NOTE_TAKER,
    CodevRole.DIGITAL_FACILITATOR: FileRole.DIGITAL_FACILITATOR,
}
"""The planned roles that are another than consultant; a reserve is one, and a client whose turn another took."""


class FilePeriod(NamedTuple):
    """From one day to another, both included; ``None`` sets no end."""

    since: date | None
    until: date | None

    def holds(self, on: date) -> bool:
        """Return whether a day is in the period."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


class OwnTurn(NamedTuple):
    """A consultation of a session's record, and whether the person was its client."""

    position: int
    is_client: bool
    status: TurnStatus


class RoleCount(Read):
    """A role, and in how many consultations of a session the person had it."""

    role: FileRole
    consultations: int


class Counted(Protocol):
    """What the totals read of a session."""

    @property
    def on(self) -> date:
        """Its day."""

    @property
    def minutes(self) -> int:
        """How long the person was there."""

    @property
    def facilitated(self) -> bool:
        """Whether the person led it."""

    @property
    def roles(self) -> tuple[RoleCount, ...]:
        """What they did in its consultations."""


def period_of(year: int | None, since: date | None, until: date | None) -> FilePeriod:
    """Return the period of a calendar year, else of two days, in whatever order they were given."""
    if year is not None:
        return FilePeriod(date(year, 1, 1), date(year, 12, 31))
    if since is not None and until is not None and until < since:
        return FilePeriod(until, since)
    return FilePeriod(since, until)


def consultations_of(turns: Sequence[OwnTurn]) -> list[OwnTurn]:
    """Return the consultations that took place: those held to their end or, when there is none, those begun."""
    held = [turn for turn in turns if turn.status in HELD]
    return held or [turn for turn in turns if turn.status is not TurnStatus.CANCELLED]


def roles_held(turns: Sequence[OwnTurn], planned: Mapping[int, CodevRole]) -> tuple[RoleCount, ...]:
    """Return the roles of a member who was present: client as recorded, the others as planned, else consultant."""
    counts = Counter(
        FileRole.CLIENT
        if turn.is_client
        else DURING.get(planned.get(turn.position, CodevRole.RESERVE), FileRole.CONSULTANT)
        for turn in consultations_of(turns)
    )
    return tuple(RoleCount(role=role, consultations=counts[role]) for role in FileRole if counts[role])


def by_year(sessions: Iterable[Counted]) -> list[tuple[int, int, int, int]]:
    """Return ``(year, sessions, minutes as a member, minutes as the facilitator)``, the last year first."""
    years: defaultdict[int, list[Counted]] = defaultdict(list)
    for session in sessions:
        years[session.on.year].append(session)
    return [
        (
            year,
            len(years[year]),
            sum(s.minutes for s in years[year] if not s.facilitated),
            sum(s.minutes for s in years[year] if s.facilitated),
        )
        for year in sorted(years, reverse=True)
    ]


def by_role(sessions: Iterable[Counted]) -> list[tuple[FileRole, int, int]]:
    """Return ``(role, sessions, consultations)`` of the roles that were held, in the order of :class:`FileRole`."""
    in_sessions: Counter[FileRole] = Counter()
    consultations: Counter[FileRole] = Counter()
    for session in sessions:
        for count in session.roles:
            in_sessions[count.role] += 1
            consultations[count.role] += count.consultations
    return [(role, in_sessions[role], consultations[role]) for role in FileRole if in_sessions[role]]
