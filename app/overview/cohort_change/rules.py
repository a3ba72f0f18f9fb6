"""Pure rules of what a change of a cohort's settings changes for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.cohorts.rules import last_day_to_join
from app.learning.hand_ins.rules import punctuality
from app.learning.hand_ins.schemas import Punctuality
from app.platform.errors import Reason
from app.progress.risk.rules import is_at_risk


@dataclass(frozen=True, slots=True)
class Terms:
    """What a cohort asks of people: its dates, its limit to join late, its grace period, its seats and place."""

    starts_on: date
    ends_on: date
    late_join_pct: int
    grace_hours: int
    capacity: int
    place: str


@dataclass(frozen=True, slots=True)
class Follower:
    """Someone active: what is due next, and minutes attended of those held."""

    next_due_on: date | None
    attended: int
    base: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A work handed in: the week of its module, when it was received, when it was declared finished."""

    week: int
    received_at: datetime
    declared_at: datetime | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Who and what a change may affect: followers, works, the days of sessions, people who know the dates."""

    followers: Sequence[Follower]
    works: Sequence[Sent]
    session_days: Sequence[date]
    people: int
    seated: int
    zone: str
    today: date
    min_attendance_pct: int


def effects(before: Terms, after: Terms, affected: Affected) -> list[Reason]:
    """Return what a change of terms changes for people, each with its numbers."""
    changes = _of_dates(before, after, affected) + _of_works(before, after, affected)
    if after.capacity != before.capacity:
        changes.append(Reason("seats_left", {"n": after.capacity - affected.seated}))
    is_elsewhere = (before.starts_on, before.ends_on, before.place) != (after.starts_on, after.ends_on, after.place)
    if is_elsewhere and affected.people:
        changes.append(Reason("people_know_otherwise", {"n": affected.people}))
    return changes or [Reason("nobody_affected")]


def _of_dates(before: Terms, after: Terms, affected: Affected) -> list[Reason]:
    changes = []
    limits = [last_day_to_join(terms) for terms in (before, after)]
    if limits[0] != limits[1]:
        days = {"before_on": limits[0].isoformat(), "after_on": limits[1].isoformat()}
        changes.append(Reason("last_day_to_join_moves", days))
    moved = after.starts_on - before.starts_on
    if moved and affected.followers:
        changes.append(Reason("due_later" if moved > timedelta() else "due_earlier", {"n": abs(moved.days)}))
    risks = [_at_risk(affected, timedelta()), _at_risk(affected, moved)]
    if risks[0] != risks[1]:
        changes.append(Reason("at_risk_becomes", {"before": risks[0], "n": risks[1]}))
    outside = [day for day in affected.session_days if not after.starts_on <= day <= after.ends_on]
    known = [day for day in outside if before.starts_on <= day <= before.ends_on]
    return [*changes, Reason("sessions_outside", {"n": len(known)})] if known else changes


def _at_risk(affected: Affected, moved: timedelta) -> int:
    return sum(
        is_at_risk(
            f.next_due_on and f.next_due_on + moved,
            f.attended,
            f.base,
            affected.today,
            min_attendance_pct=affected.min_attendance_pct,
        )
        for f in affected.followers
    )


def _of_works(before: Terms, after: Terms, affected: Affected) -> list[Reason]:
    pairs = [(_is_late(before, w, affected.zone), _is_late(after, w, affected.zone)) for w in affected.works]
    counted = {"works_on_time": pairs.count((True, False)), "works_late": pairs.count((False, True))}
    return [Reason(code, {"n": n}) for code, n in counted.items() if n]


def _is_late(terms: Terms, work: Sent, zone: str) -> bool:
    due_on = terms.starts_on + timedelta(weeks=work.week, days=-1)
    status = punctuality(
        due_on, zone=zone, grace_hours=terms.grace_hours, received_at=work.received_at, declared_at=work.declared_at
    )
    return status is Punctuality.LATE
