"""What a calendar holds: sessions of cohorts, codevelopment sessions, last days of modules, as their reader may see."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.attendance.calendar.entries import last_changed
from app.attendance.calendar.links import takes_part
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.rules import link_is_shown
from app.codev.groups.models import CodevGroup
from app.codev.sessions.entries import last_changed as codev_last_changed
from app.codev.sessions.models import CodevSession
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.network.venues.models import Venue
from app.network.venues.schemas import VenueAddress
from app.overview.calendar.enums import AgendaKind
from app.overview.calendar.schemas import AgendaItem
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor
from app.platform.security.permissions import GRANTS, P, Reach
from app.progress.models import ProgressRow
from app.progress.rules import due_on
from app.progress.schemas import Progress, State

MOST = 1000
"""The most sessions of one kind in a calendar, those that come first."""


def agenda_of(db: Session, actor: Actor, since: date, until: date | None = None) -> list[AgendaItem]:
    """Return a person's own calendar: the sessions of the cohorts and groups where they hold a role, their due days."""
    return in_order([*sessions_of(db, actor, since, until), *_dues(db, actor, since, until)])


def sessions_of(db: Session, actor: Actor, since: date, until: date | None = None) -> list[AgendaItem]:
    """Return the sessions of the cohorts and groups where a person holds a role, in order."""
    cohorts = [g.cohort_id for g in actor.grants if GRANTS[g.role].get(P.SESSION_READ) is Reach.COHORT]
    groups = [g.group_id for g in actor.grants if GRANTS[g.role].get(P.CODEV_READ) is Reach.GROUP]
    items = [
        *_sessions(db, [id_ for id_ in cohorts if id_ is not None], since, until),
        *_codev_sessions(db, [id_ for id_ in groups if id_ is not None], since, until),
    ]
    return in_order(items)


def agenda_of_cohort(db: Session, cohort: CohortRef, since: date, until: date | None = None) -> list[AgendaItem]:
    """Return the calendar of a cohort: its sessions and the last days of its path's modules."""
    dues = _cohort_dues(db.get_one(Cohort, cohort.id), since, until)
    return in_order([*_sessions(db, [cohort.id], since, until), *dues])


def in_order(items: Iterable[AgendaItem]) -> list[AgendaItem]:
    """Return entries by day, those of a whole day last, then by moment."""
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(items, key=lambda i: (i.on, i.starts_at or latest, i.kind, i.id))


def _within(starts_at: Any, since: date, until: date | None) -> list[sa.ColumnElement[bool]]:  # noqa: ANN401 - a column
    """Return conditions on a moment, a day wider than asked: days are those of each zone."""
    first = datetime.combine(since - timedelta(days=1), time(), UTC)
    last = [] if until is None else [starts_at < datetime.combine(until + timedelta(days=2), time(), UTC)]
    return [starts_at >= first, *last]


def _is_within(on: date, since: date, until: date | None) -> bool:
    return since <= on and (until is None or on <= until)


def _sessions(db: Session, cohort_ids: Collection[int], since: date, until: date | None) -> Iterable[AgendaItem]:
    session_id, starts_at = col(ScheduledSession.id), col(ScheduledSession.starts_at)
    statement = (
        sa.select(ScheduledSession, Venue, Cohort, last_changed())
        .join(Cohort, col(Cohort.id) == col(ScheduledSession.cohort_id))
        .outerjoin(Venue, col(Venue.id) == col(ScheduledSession.venue_id))
        .where(col(ScheduledSession.cohort_id).in_(cohort_ids), *_within(starts_at, since, until))
        .order_by(starts_at, session_id)
        .limit(MOST)
    )
    for row, venue, cohort, changed_at in db.execute(statement) if cohort_ids else ():
        item = _item(row, venue, cohort, kind=AgendaKind.SESSION, changed_at=changed_at, page=f"/seances/{row.id}")
        if _is_within(item.on, since, until):
            yield item


def _codev_sessions(db: Session, group_ids: Collection[int], since: date, until: date | None) -> Iterable[AgendaItem]:
    session_id, starts_at = col(CodevSession.id), col(CodevSession.starts_at)
    statement = (
        sa.select(CodevSession, Venue, Cohort, codev_last_changed())
        .join(CodevGroup, col(CodevGroup.id) == col(CodevSession.group_id))
        .join(Cohort, col(Cohort.id) == col(CodevGroup.cohort_id))
        .outerjoin(Venue, col(Venue.id) == col(CodevSession.venue_id))
        .where(col(CodevSession.group_id).in_(group_ids), *_within(starts_at, since, until))
        .order_by(starts_at, session_id)
        .limit(MOST)
    )
    for row, venue, cohort, changed_at in db.execute(statement) if group_ids else ():
        item = _item(row, venue, cohort, kind=AgendaKind.CODEV, changed_at=changed_at, page=f"/codev/seances/{row.id}")
        if _is_within(item.on, since, until):
            yield item


def meeting_links(db: Session, actor: Actor, items: Iterable[AgendaItem]) -> dict[tuple[AgendaKind, int], str]:
    """Return the meeting links of a calendar that are shown to the actor now: those of who takes part, around them."""
    at = now()
    soon = [i for i in items if i.starts_at is not None and not i.is_cancelled]
    soon = [i for i in soon if i.starts_at and link_is_shown(i.starts_at, i.planned_minutes, at, cancelled=False)]
    ids = {kind: [i.id for i in soon if i.kind is kind] for kind in (AgendaKind.SESSION, AgendaKind.CODEV)}
    links: dict[tuple[AgendaKind, int], str] = {}
    if ids[AgendaKind.SESSION]:
        rows = db.exec(select(ScheduledSession).where(col(ScheduledSession.id).in_(ids[AgendaKind.SESSION]))).all()
        links |= {(AgendaKind.SESSION, r.id): r.meeting_link for r in rows if r.meeting_link and takes_part(actor, r)}
    if ids[AgendaKind.CODEV]:
        groups = {g.group_id for g in actor.grants}
        meetings = db.exec(select(CodevSession).where(col(CodevSession.id).in_(ids[AgendaKind.CODEV]))).all()
        links |= {(AgendaKind.CODEV, m.id): m.meeting_link for m in meetings if m.meeting_link and m.group_id in groups}
    return links


def _item(
    row: ScheduledSession | CodevSession,
    venue: Venue | None,
    cohort: Cohort,
    *,
    kind: AgendaKind,
    changed_at: datetime,
    page: str,
) -> AgendaItem:
    """Return the entry of a session."""
    activity = curriculum_of(cohort).activity(row.activity_code)
    return AgendaItem(
        **row.model_dump(include={"id", "starts_at", "planned_minutes", "timezone", "mode", "place", "sequence"}),
        kind=kind,
        code=row.activity_code,
        title=activity.title.text,
        cohort=cohort.title,
        on=local(row.starts_at, row.timezone).date(),
        venue=VenueAddress.model_validate(venue) if venue is not None else None,
        is_cancelled=row.cancelled_at is not None,
        changed_at=changed_at,
        page=page,
    )


def _dues(db: Session, actor: Actor, since: date, until: date | None) -> Iterable[AgendaItem]:
    """Yield the last day of each module that the person has not finished, on the paths that they follow."""
    statement = (
        sa.select(col(Enrolment.id), Cohort, col(ProgressRow.body))
        .join(Cohort, col(Cohort.id) == col(Enrolment.cohort_id))
        .join(ProgressRow, col(ProgressRow.enrolment_id) == col(Enrolment.id))
        .where(col(Enrolment.person_id) == actor.person_id, col(Enrolment.state) == EnrolmentState.ACTIVE)
    )
    for enrolment_id, cohort, body in db.execute(statement):
        open_modules = [m.code for m in Progress.model_validate(body).modules if m.state is not State.DONE]
        for item in _module_days(cohort, f"/parcours/{enrolment_id}", enrolment_id, open_modules):
            if _is_within(item.on, since, until):
                yield item


def _cohort_dues(cohort: Cohort, since: date, until: date | None) -> list[AgendaItem]:
    codes = [m.code for m in curriculum_of(cohort).modules]
    items = _module_days(cohort, f"/cohortes/{cohort.id}", cohort.id, codes)
    return [item for item in items if _is_within(item.on, since, until)]


def _module_days(cohort: Cohort, page: str, id_: int, codes: Sequence[str]) -> Iterable[AgendaItem]:
    """Yield the last day of some modules of a cohort's path, as whole days."""
    for module in curriculum_of(cohort).modules:
        if module.code in codes:
            yield AgendaItem(
                kind=AgendaKind.DUE,
                id=id_,
                code=module.code,
                title=module.title.text,
                cohort=cohort.title,
                on=due_on(module, cohort.starts_on),
                timezone=cohort.timezone,
                changed_at=cohort.created_at,
                page=page,
            )
