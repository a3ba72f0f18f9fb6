"""Calendars and their secret addresses as JSON."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.overview.calendar import agenda, feeds
from app.overview.calendar.schemas import Agenda, FeedCreated, Feeds, NewFeed
from app.platform.messages.i18n import today
from app.platform.schema import within_calendars
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
Since = Annotated[date | None, AfterValidator(within_calendars), Query(description="first day; today when left out")]
Until = Annotated[date | None, AfterValidator(within_calendars), Query(description="last day; none when left out")]


@router.get("/me/calendar", summary="One's own calendar")
def my_calendar(
    actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, since: Since = None, until: Until = None
) -> Agenda:
    """Return the sessions of one's cohorts and groups, and the last days of the modules to finish."""
    return Agenda(items=tuple(agenda.agenda_of(db, actor, since or today(), until)))


@router.get("/cohorts/{cohort_id}/calendar", summary="The calendar of a cohort")
def cohort_calendar(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_READ)],
    since: Since = None,
    until: Until = None,
) -> Agenda:
    """Return the sessions of a cohort, and the last days of its path's modules."""
    return Agenda(items=tuple(agenda.agenda_of_cohort(db, cohort, since or today(cohort.timezone), until)))


@router.get("/me/calendar-feeds", summary="Secret addresses of calendars")
def read_feeds(actor: MayManageSelf, db: SessionDep) -> Feeds:
    """Return one's secret addresses in use, newest first, without their secrets."""
    return feeds.feeds(db, actor)


@router.post("/me/calendar-feeds", status_code=HTTPStatus.CREATED, summary="Create a secret address")
def create_feed(actor: MayManageSelf, db: SessionDep, settings: SettingsDep, command: NewFeed) -> FeedCreated:
    """Create a secret address of one's own calendar or of a cohort's; it is in this answer only."""
    return feeds.create_feed(db, actor, command, settings.base_url)


@router.post("/me/calendar-feeds/{feed_id}/renewal", status_code=HTTPStatus.CREATED, summary="Renew a secret address")
def renew_feed(actor: MayManageSelf, db: SessionDep, settings: SettingsDep, feed_id: int) -> FeedCreated:
    """End a secret address and create another one of the same calendar."""
    return feeds.renew_feed(db, actor, feed_id, settings.base_url)


@router.delete("/me/calendar-feeds/{feed_id}", status_code=HTTPStatus.NO_CONTENT, summary="End a secret address")
def end_feed(actor: MayManageSelf, db: SessionDep, feed_id: int) -> None:
    """End a secret address at once."""
    feeds.end_feed(db, actor, feed_id)
