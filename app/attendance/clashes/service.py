"""What the people, trainers and venue of a session are taken by at its moment, as its planner may know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import col, select

from app.attendance.clashes.rules import FIELD, Clashes, Other, SessionKey, Taken, clashes_of
from app.cohorts.models import Cohort
from app.curricula.library import curriculum_of
from app.network.venues.schemas import VenueShown
from app.people.models import Person
from app.platform.audit.access_log import keep_accesses, log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, Scalar
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P

_MEANWHILE = text(
    "select * from busy_meanwhile(cast(:people as int[]), cast(:venue as int),"
    " cast(:starts as timestamptz[]), cast(:ends as timestamptz[]))"
)
"""A function of the owner: someone may be taken in another college, of which it gives the hours alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a college plans: who is to come, where, on which clock; ``session`` is the one that is moved, if any."""

    college_id: int
    trainers: frozenset[int]
    people: frozenset[int]
    venue: VenueShown | None
    zone: str
    session: SessionKey | None = None


def clashes(db: Session, actor: Actor, plan: Plan, slots: Sequence[tuple[datetime, int]]) -> list[Clashes]:
    """Return what clashes with a session at each of some moments, of so many minutes each.

    What the actor does not read, of another college or cohort, is only said to take someone, and when. Those
    whom another college takes read in their log of accesses that this was read.
    """
    rows = db.execute(
        _MEANWHILE,
        {
            "people": sorted(plan.trainers | plan.people),
            "venue": plan.venue.id if plan.venue is not None else None,
            "starts": [starts_at for starts_at, _ in slots],
            "ends": [starts_at + timedelta(minutes=minutes) for starts_at, minutes in slots],
        },
    ).all()
    rows = [row for row in rows if plan.session is None or (row.is_codev, row.session_id) != plan.session]
    elsewhere = {row.person_id for row in rows if row.cohort_id is None and row.person_id is not None}
    log_access(db, [(person_id, plan.college_id) for person_id in sorted(elsewhere)], Part.TIMETABLE)
    names = _names(db, {row.person_id for row in rows if row.person_id is not None})
    readable = _readable(db, actor, {row.cohort_id for row in rows if row.cohort_id is not None})
    taken: list[list[Taken]] = [[] for _ in slots]
    for row in rows:
        other = _other(row, readable)
        if row.person_id is None:
            taken[row.slot].append(Taken("venue", None, plan.venue.name if plan.venue is not None else "", other))
        else:
            kind = "trainer" if row.person_id in plan.trainers else "people"
            taken[row.slot].append(Taken(kind, row.person_id, names[row.person_id], other))
    return [clashes_of(of_slot, plan.zone) for of_slot in taken]


def require_seen(db: Session, actor: Actor, plan: Plan, slot: tuple[datetime, int], seen: str) -> None:
    """Raise ``Conflict("session_clashes")`` unless what clashes with a session is what was read before it is planned.

    ``seen`` is the mark of what was read, ``none`` when nothing was.
    """
    [found] = clashes(db, actor, plan, [slot])
    if found.mark != seen:
        keep_accesses(db, Part.TIMETABLE)
        params: dict[str, Scalar] = {"n": len(found.reasons), "mark": found.mark}
        raise Conflict("session_clashes", Reason("session_clashes", params, FIELD), *found.reasons)


def _names(db: Session, people: set[int]) -> dict[int, str]:
    rows = db.exec(select(Person).where(col(Person.id).in_(people))).all() if people else ()
    return {person.id: person.name for person in rows}


def _readable(db: Session, actor: Actor, cohort_ids: set[int]) -> dict[bool, dict[int, Cohort]]:
    """Return the cohorts whose codevelopment sessions (true) and whose other sessions (false) the actor reads."""
    if not cohort_ids:
        return {True: {}, False: {}}
    own = scoped(actor.using(P.SESSION_READ), college=Cohort.college_id, cohort=Cohort.id)
    of_groups = scoped(actor.using(P.CODEV_READ), college=Cohort.college_id)
    statement = sa.select(Cohort, own.label("own"), of_groups.label("of_groups")).where(col(Cohort.id).in_(cohort_ids))
    rows = db.execute(statement).all()
    return {True: {c.id: c for c, _, reads in rows if reads}, False: {c.id: c for c, reads, _ in rows if reads}}


def _other(row: Any, readable: dict[bool, dict[int, Cohort]]) -> Other:  # noqa: ANN401 - a row of the function
    cohort = readable[bool(row.is_codev)].get(row.cohort_id)
    activity = curriculum_of(cohort).activity(row.activity_code).title.text if cohort is not None else None
    return Other(
        session=SessionKey(row.is_codev, row.session_id),
        starts_at=row.starts_at,
        planned_minutes=row.planned_minutes,
        activity=activity,
        cohort=cohort.title if cohort is not None else None,
    )
