"""A weekly series of sessions of a cohort: what it would be, then all of it planned at once."""

from datetime import date
from hashlib import sha256
from typing import NamedTuple

from sqlmodel import col, select

from app.attendance.calendar import service as calendar
from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.notices import tell_series
from app.attendance.calendar.rules import at_local, calendar_reasons, link_after, place_reasons
from app.attendance.calendar.schemas import NewSession, SessionRow
from app.attendance.clashes.rules import Clashes
from app.attendance.clashes.service import clashes
from app.attendance.series.rules import LONGEST, days_of_series
from app.attendance.series.schemas import ConfirmSeries, NewSeries, SeriesPreview, SeriesSession, SkippedDay
from app.cohorts.enums import CohortState
from app.cohorts.lifecycle.service import effects_of
from app.cohorts.models import Cohort
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_ended
from app.curricula.enums import Mode
from app.curricula.schemas import Activity
from app.network.venues.schemas import VenueAddress, VenueShown
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.json import dumps
from app.platform.security.actor import Actor


class _Planned(NamedTuple):
    """A session of a series, as it is planned, and its activity."""

    command: NewSession
    activity: Activity
    mode: Mode
    venue: VenueShown | None
    zone: str


def preview(db: Session, actor: Actor, cohort: CohortRef, command: NewSeries) -> SeriesPreview:
    """Return what a series would be, with what each session clashes with; it plans nothing.

    Raises ``Conflict`` for a cohort that is over, ``Invalid`` when the series cannot be.
    """
    return _preview(db, actor, cohort, *_series(db, cohort, command))


def plan_series(db: Session, actor: Actor, cohort: CohortRef, command: ConfirmSeries) -> list[SessionRow]:
    """Plan all sessions of a series, under the cohort's lock; those online or hybrid have the meeting link, if any.

    Everyone is told of all of them by one message, once the cohort has begun.

    Planned already, it is refused: its first activity has its session. Raises as :func:`preview` does, ``Invalid`` for
    a link that no session may have, and ``Conflict("series_changed")`` when it would not be what was shown.
    """
    db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    planned, skipped = _series(db, cohort, command)
    if command.shown != _preview(db, actor, cohort, planned, skipped).shown:
        raise Conflict("series_changed", Reason("series_changed", field="shown"))
    on_a_call = next((one.mode for one in planned if one.mode is not Mode.onsite), Mode.onsite)
    refuse_unless(*place_reasons(on_a_call, has_venue=False, link=command.meeting_link), code="invalid")
    rows = [calendar.add_session(db, actor, cohort, _with_link(one, command.meeting_link)) for one in planned]
    if cohort.state is CohortState.RUNNING:
        tell_series(db, actor, cohort, rows)
    return [calendar.session_row(calendar.session_ref(row, venue), closed=False) for row, venue in rows]


def _with_link(one: _Planned, link: str | None) -> NewSession:
    """Return a session of a series with the series' meeting link, unless it is held in a room alone."""
    return one.command.model_copy(update={"meeting_link": link_after(link, None, one.mode, is_removed=False)})


def activities_left(db: Session, cohort: CohortRef) -> list[Activity]:
    """Return the activities that the cohort schedules and that have no session in force, in the path's order."""
    in_force = select(ScheduledSession.activity_code).where(
        ScheduledSession.cohort_id == cohort.id, col(ScheduledSession.cancelled_at).is_(None)
    )
    planned = set(db.exec(in_force).all())
    return [a for a in calendar.activities_to_schedule(cohort) if a.code not in planned]


def _series(db: Session, cohort: CohortRef, command: NewSeries) -> tuple[list[_Planned], tuple[SkippedDay, ...]]:
    require_not_ended(cohort)
    activities = activities_left(db, cohort)
    codes = [a.code for a in activities]
    if command.activity_code not in codes:
        raise Invalid("invalid", Reason("no_session_to_plan", {"activity": command.activity_code}, "activity_code"))
    activities = activities[codes.index(command.activity_code) :]
    days, skipped = days_of_series(
        command.day,
        number=min(command.number or LONGEST, len(activities)),
        until=command.until,
        skipping=command.skipping,
        with_holidays=command.with_holidays,
    )
    if not days:
        raise Invalid("invalid", Reason("series_empty", field="until"))
    far = [r for day in (days[0], days[-1]) for r in calendar_reasons(day, cohort.starts_on, cohort.ends_on)]
    refuse_unless(*(Reason(r.code, r.params, "day") for r in far[:1]), code="invalid")
    activities = activities[: len(days)]
    in_a_room = next((mode for mode in _modes(command, activities) if mode is not Mode.online), Mode.online)
    venue = calendar.venue_for(db, cohort.college_id, in_a_room, command.venue_id, None)
    planned = [_one(cohort, command, a, day, venue) for a, day in zip(activities, days, strict=True)]
    return planned, tuple(SkippedDay(on=s.on, holiday=s.holiday) for s in skipped)


def _modes(command: NewSeries, activities: list[Activity]) -> list[Mode]:
    return [command.mode or activity.mode for activity in activities]


def _one(cohort: CohortRef, command: NewSeries, activity: Activity, day: date, venue: VenueShown | None) -> _Planned:
    """Return a session of the series on its day; what is online has neither venue nor room."""
    mode = command.mode or activity.mode
    here = None if mode is Mode.online else venue
    zone = here.timezone if here is not None else cohort.timezone
    starts_at, reasons = at_local(day, command.clock, zone, second=False)
    refuse_unless(*reasons, code="invalid")
    session = NewSession(
        activity_code=activity.code,
        starts_at=starts_at,
        mode=mode,
        place=command.place if mode is not Mode.online else "",
        venue_id=here.id if here is not None else None,
    )
    return _Planned(session, activity, mode, here, zone)


def _preview(
    db: Session, actor: Actor, cohort: CohortRef, planned: list[_Planned], skipped: tuple[SkippedDay, ...]
) -> SeriesPreview:
    found = _clashes(db, actor, cohort, planned)
    sessions = tuple(
        SeriesSession(
            activity_code=one.activity.code,
            title=one.activity.title.text,
            starts_at=one.command.starts_at,
            planned_minutes=one.activity.minutes,
            mode=one.mode,
            place=calendar.place_of(cohort, one.command.place, one.mode, one.venue),
            venue=VenueAddress.model_validate(one.venue) if one.venue is not None else None,
            timezone=one.zone,
            clashes=effects_of(of_one.reasons),
        )
        for one, of_one in zip(planned, found, strict=True)
    )
    marked = [
        [s.model_dump(mode="json") for s in sessions],
        [s.model_dump(mode="json") for s in skipped],
        [of_one.mark for of_one in found],
    ]
    return SeriesPreview(sessions=sessions, skipped=skipped, shown=sha256(dumps(marked).encode()).hexdigest()[:16])


def _clashes(db: Session, actor: Actor, cohort: CohortRef, planned: list[_Planned]) -> list[Clashes]:
    """Return what each session clashes with, where it is held and on its own clock."""
    found: dict[int, Clashes] = {}
    for venue, zone in {one.venue: one.zone for one in planned}.items():
        held_here = [place for place, one in enumerate(planned) if one.venue == venue]
        slots = [(planned[place].command.starts_at, planned[place].activity.minutes) for place in held_here]
        plan = calendar.plan_of(db, cohort, venue, zone)
        found |= dict(zip(held_here, clashes(db, actor, plan, slots), strict=True))
    return [found[place] for place in range(len(planned))]
