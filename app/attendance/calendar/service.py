"""The calendar of a cohort: schedule, list, find and cancel its sessions."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.notices import tell_cancelled, tell_planned
from app.attendance.calendar.rules import Stage, calendar_reasons, place_reasons
from app.attendance.calendar.schemas import (
    CancelCommand,
    ComingSession,
    NewSession,
    SessionPage,
    SessionRef,
    SessionRow,
    SessionSort,
    SessionsQuery,
)
from app.attendance.clashes.rules import SessionKey
from app.attendance.clashes.service import Plan, require_seen
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.audience import followers_of, trainers_of
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived, require_not_ended
from app.curricula.enums import ActivityType, Mode
from app.curricula.library import curriculum_of
from app.curricula.schemas import Activity
from app.network.venues.models import Venue
from app.network.venues.schemas import VenueAddress, VenueShown
from app.network.venues.service import require_offered
from app.platform.clock import now
from app.platform.database.paging import fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.i18n import local
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import own_case


def schedule(db: Session, actor: Actor, cohort: CohortRef, command: NewSession) -> SessionRow:
    """Schedule a session for a group activity of the cohort's path; everyone is told once the cohort has begun.

    Raises as :func:`add_session` does.
    """
    row, venue = add_session(db, actor, cohort, command)
    if cohort.state is CohortState.RUNNING:
        tell_planned(db, actor, row, venue)
    return session_row(session_ref(row, venue), closed=False)


def add_session(
    db: Session, actor: Actor, cohort: CohortRef, command: NewSession
) -> tuple[ScheduledSession, VenueShown | None]:
    """Add a session to the calendar of a cohort, telling nobody.

    Raises ``Invalid``, ``Conflict``: ``session_planned`` when the activity has a session at that moment,
    ``session_clashes`` when what clashes with it is not what was read.
    """
    require_not_ended(cohort)
    activity = group_activity(cohort, command.activity_code)
    if activity is None or activity.type is ActivityType.codev:
        raise Invalid("invalid", Reason("not_a_group_activity", {"activity": command.activity_code}, "activity_code"))
    mode = command.mode or activity.mode
    venue = venue_for(db, cohort.college_id, mode, command.venue_id, command.meeting_link)
    zone = venue.timezone if venue is not None else cohort.timezone
    day = local(command.starts_at, zone).date()
    if reasons := calendar_reasons(day, cohort.starts_on, cohort.ends_on):
        raise Invalid("invalid", *reasons)
    refuse_planned(db, cohort.id, activity.code, command.starts_at)
    minutes = command.planned_minutes or activity.minutes
    if command.clashes_seen is not None:
        require_seen(db, actor, plan_of(db, cohort, venue, zone), (command.starts_at, minutes), command.clashes_seen)
    row = ScheduledSession(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        activity_code=activity.code,
        starts_at=command.starts_at,
        planned_minutes=minutes,
        mode=mode,
        place=place_of(cohort, command.place, mode, venue),
        venue_id=command.venue_id,
        meeting_link=command.meeting_link,
        timezone=zone,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    return row, venue


def place_of(cohort: CohortRef, place: str, mode: Mode, venue: VenueShown | None) -> str:
    """Return the place of a session: the one given, else its cohort's where it is held in no venue."""
    return place or ("" if mode is Mode.online or venue is not None else cohort.place)


def plan_of(
    db: Session, cohort: Cohort | CohortRef, venue: VenueShown | None, zone: str, *, session_id: int | None = None
) -> Plan:
    """Return who is to come to a session of a cohort, and where."""
    return Plan(
        cohort.college_id,
        trainers_of(db, cohort.id),
        followers_of(db, cohort.id),
        venue,
        zone,
        session=SessionKey(is_codev=False, id=session_id) if session_id is not None else None,
    )


def venue_for(
    db: Session, college_id: int, mode: Mode, venue_id: int | None, meeting_link: str | None, *, kept: int | None = None
) -> VenueShown | None:
    """Return the venue of a session, if any; raise ``Invalid`` when its mode cannot have it, or the link.

    ``kept``: the venue that the session has, where it stays even if it was retired since.
    """
    refuse_unless(*place_reasons(mode, has_venue=venue_id is not None, link=meeting_link), code="invalid")
    return require_offered(db, college_id, venue_id, kept=kept) if venue_id is not None else None


class WithClock(Protocol):
    """A cohort, or a group of one: its college, and its time zone."""

    @property
    def college_id(self) -> int:
        """Its college."""

    @property
    def timezone(self) -> str:
        """Its time zone."""


def zone_at(db: Session, of: WithClock, venue_id: int | None, *, kept: int | None = None) -> str:
    """Return the time zone of the clock that is typed for a session: its venue's, else its cohort's (BR-30)."""
    if venue_id is None:
        return of.timezone
    return require_offered(db, of.college_id, venue_id, kept=kept).timezone


def refuse_planned(
    db: Session, cohort_id: int, activity_code: str, starts_at: datetime, *, but: int | None = None
) -> None:
    """Raise ``Conflict("session_planned")`` when another session of the activity, not cancelled, starts then."""
    same = select(ScheduledSession.id).where(
        ScheduledSession.cohort_id == cohort_id,
        ScheduledSession.activity_code == activity_code,
        ScheduledSession.starts_at == starts_at,
        col(ScheduledSession.cancelled_at).is_(None),
        col(ScheduledSession.id).is_distinct_from(but),
    )
    if db.exec(same.limit(1)).first() is not None:
        raise Conflict("session_planned", Reason("session_planned", field="starts_at"))


def activities_to_schedule(cohort: CohortRef) -> list[Activity]:
    """Return the group activities of the cohort's path, except codevelopment, which each group schedules."""
    return [a for a in curriculum_of(cohort).activities if a.is_group and a.type is not ActivityType.codev]


def group_activity(ref: CohortRef | EnrolmentRef, code: str) -> Activity | None:
    """Return the group activity of a code in the path followed; ``None`` when there is none."""
    return next((a for a in curriculum_of(ref).activities if a.code == code and a.is_group), None)


_CALLED = exists().where(col(RollCall.session_id) == ScheduledSession.id)
_IN_TIME = (col(ScheduledSession.starts_at),)


def calendar(db: Session, cohort: CohortRef) -> list[SessionRow]:
    """Return every session of a cohort in order of time, cancelled ones included."""
    rows = db.execute(_sessions(cohort).order_by(*_IN_TIME, col(ScheduledSession.id)))
    return [session_row(session_ref(row, venue), closed=is_closed) for row, venue, is_closed in rows]


def sessions(db: Session, cohort: CohortRef, *, after: int | None = None, limit: int = PAGE_SIZE) -> SessionPage:
    """Return what :func:`calendar` does, ``limit`` at a time."""
    key = col(ScheduledSession.id)
    rows, next_ = fetch_after(db, _sessions(cohort), _IN_TIME, key, after=after, limit=limit)
    items = tuple(session_row(session_ref(row, venue), closed=is_closed) for row, venue, is_closed in rows)
    return SessionPage(items=items, next=next_)


def list_sessions(db: Session, cohort: CohortRef, query: SessionsQuery) -> Page[SessionRow]:
    """Return a page of the sessions of a cohort; the search looks at activities and places."""
    statement = _sessions(cohort).where(*(_matches(cohort, word) for word in query.words))
    if query.etat is not None:
        statement = statement.where(_at_stage(query.etat, now()))
    page = fetch_page(db, statement, query, {SessionSort.MOMENT: _IN_TIME}, col(ScheduledSession.id))
    return page.map(lambda row: session_row(session_ref(row[0], row[1]), closed=row[2]))


def _sessions(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(ScheduledSession, Venue, _CALLED.label("closed"))
        .outerjoin(Venue, col(Venue.id) == col(ScheduledSession.venue_id))
        .where(col(ScheduledSession.cohort_id) == cohort.id)
    )


def _matches(cohort: CohortRef, word: str) -> ColumnElement[bool]:
    titles = {a.code: search_key(f"{a.code} {a.title.text}") for a in curriculum_of(cohort).activities}
    named = [code for code, key in titles.items() if word in key]
    place = folded(col(ScheduledSession.place)).contains(word, autoescape=True)
    venue = sa.func.coalesce(col(Venue.search_key), "").contains(word, autoescape=True)
    return sa.or_(col(ScheduledSession.activity_code).in_(named), place, venue)


def _at_stage(wanted: Stage, at: datetime) -> ColumnElement[bool]:
    """Return the condition that a session is at a stage: :func:`rules.stage` in its columns."""
    cancelled = col(ScheduledSession.cancelled_at).is_not(None)
    if wanted is Stage.CANCELLED:
        return cancelled
    if wanted is Stage.CALLED:
        return ~cancelled & _CALLED
    begun = col(ScheduledSession.starts_at) <= at
    return ~cancelled & ~_CALLED & (begun if wanted is Stage.TO_CALL else ~begun)


def count_to_call(db: Session, cohort_ids: Sequence[int]) -> Counter[int]:
    """Return how many sessions of each of some cohorts have begun without a roll call."""
    cohort_id = col(ScheduledSession.cohort_id)
    called = sa.select(col(RollCall.id)).where(col(RollCall.session_id) == ScheduledSession.id)
    statement = (
        sa.select(cohort_id, sa.func.count())
        .where(
            cohort_id.in_(cohort_ids),
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) <= now(),
            ~called.offset(0).exists(),  # asked of one session after the other: all roll calls are not read
        )
        .group_by(cohort_id)
    )
    return Counter(dict(db.execute(statement).all())) if cohort_ids else Counter()


WRITTEN = set(SessionRef.model_fields) & set(ScheduledSession.model_fields)
"""What of a session is in its own row, and is read again when it is locked or changed."""


def session_ref(row: ScheduledSession, venue: Venue | VenueShown | None) -> SessionRef:
    """Return a session with its venue, and whether it has a meeting link: never the link itself."""
    return SessionRef(
        **row.model_dump(include=set(SessionRef.model_fields)),
        venue=VenueAddress.model_validate(venue) if venue is not None else None,
        has_link=row.meeting_link is not None,
    )


def session_row(session: SessionRef, *, closed: bool) -> SessionRow:
    """Return a session as a calendar shows it; ``closed`` once its roll was called."""
    shared = session.model_dump(include=set(SessionRow.model_fields))
    return SessionRow(**shared, cancelled=session.cancelled_at is not None, closed=closed)


def see_session(db: Session, actor: Actor, session_id: int) -> SessionRef:
    """Return a session within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=ScheduledSession.college_id, cohort=ScheduledSession.cohort_id)
    found = db.exec(_with_venue().where(ScheduledSession.id == session_id, within)).one_or_none()
    if found is None:
        raise NotFound
    return session_ref(*found)


def _with_venue() -> Select[ScheduledSession, Venue]:
    return select(ScheduledSession, Venue).outerjoin(Venue, col(Venue.id) == ScheduledSession.venue_id)


def is_called(db: Session, session_id: int) -> bool:
    """Return whether the roll of a session was called."""
    return db.exec(select(RollCall.id).where(RollCall.session_id == session_id).limit(1)).first() is not None


def cancel(db: Session, actor: Actor, session: SessionRef, command: CancelCommand) -> SessionRow:
    """Cancel a session, which leaves the attendance base even when its roll was called (BR-08).

    Raises ``Forbidden("own_case")`` when the roll records the actor, whose attendance would change.
    """
    refuse_own_attendance(db, actor, session)
    require_not_archived(db.get_one(Cohort, session.cohort_id))
    row = db.get_one(ScheduledSession, session.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    row.cancelled_at, row.cancelled_by, row.cancel_reason = now(), actor.person_id, command.reason
    row.sequence += 1
    db.add(row)
    db.flush()
    tell_cancelled(db, actor, row)
    return session_row(session.model_copy(update=row.model_dump(include=WRITTEN)), closed=is_called(db, session.id))


def refuse_own_attendance(db: Session, actor: Actor, session: SessionRef) -> None:
    """Raise ``Forbidden("own_case")`` when the roll of the session records the actor."""
    entry = (
        select(RollCallEntry.id)
        .join(RollCall, col(RollCall.id) == RollCallEntry.roll_call_id)
        .join(Enrolment, col(Enrolment.id) == RollCallEntry.enrolment_id)
        .where(RollCall.session_id == session.id, Enrolment.person_id == actor.person_id)
    )
    if db.exec(entry.limit(1)).first() is not None:
        raise own_case()


def next_session(db: Session, enrolment: EnrolmentRef) -> ComingSession | None:
    """Return the next session of the enrolment's cohort that is not cancelled, if any."""
    found = db.exec(
        _with_venue()
        .where(
            ScheduledSession.cohort_id == enrolment.cohort_id,
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) > now(),
        )
        .order_by(col(ScheduledSession.starts_at), col(ScheduledSession.id))
        .limit(1)
    ).first()
    return ComingSession.model_validate(session_ref(*found)) if found is not None else None
