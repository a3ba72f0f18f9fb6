"""The pages of calendars and of their secret addresses, and the file that a secret address gives."""

import hashlib
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.overview.calendar import agenda, feeds
from app.overview.calendar.enums import Span
from app.overview.calendar.rules import first_day, next_first, previous_first
from app.overview.calendar.schemas import AgendaItem, AgendaQuery, NewFeed
from app.platform.messages.i18n import QUEBEC, today
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may, seen
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.assets import is_known
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import attachment, redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
FEEDS = "/securite/calendriers"
FRESH_SECONDS = 900


@router.get("/mon-calendrier")
def my_calendar(
    request: Request,
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    query: Annotated[AgendaQuery, Query()],
) -> Response:
    """Show one's own calendar: the sessions of all one's cohorts and groups, and what is to be finished."""
    days = _days(query, QUEBEC.key)
    items = agenda.agenda_of(db, actor, days["first"], days["last"])
    return render(
        request, "calendar/agenda.html", cohort=None, follows=False, path="/mon-calendrier", **days, **_by_day(items)
    )


@router.get("/cohortes/{cohort_id}/calendrier", dependencies=[keyed_page()])
def cohort_calendar(
    request: Request,
    actor: Annotated[Actor, may(P.SESSION_READ)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_READ)],
    query: Annotated[AgendaQuery, Query()],
) -> Response:
    """Show the calendar of a cohort: its sessions, and the last days of its path's modules."""
    days = _days(query, cohort.timezone)
    items = agenda.agenda_of_cohort(db, cohort, days["first"], days["last"])
    path = f"/cohortes/{cohort.id}/calendrier"
    follows = feeds.may_follow(db, actor, cohort)
    return render(request, "calendar/agenda.html", cohort=cohort, follows=follows, path=path, **days, **_by_day(items))


def _days(query: AgendaQuery, zone: str) -> dict[str, Any]:
    """Return the first and last day of the page, and the first ones of those before and after it."""
    first = first_day(query.vue, query.du or today(zone))
    after = next_first(query.vue, first)
    return {
        "span": query.vue,
        "spans": tuple(Span),
        "first": first,
        "last": after.fromordinal(after.toordinal() - 1),
        "after": after,
        "before": previous_first(query.vue, first),
    }


def _by_day(items: list[AgendaItem]) -> dict[str, Any]:
    return {"days": [(day, list(entries)) for day, entries in groupby(items, key=lambda item: item.on)]}


@router.get(FEEDS, dependencies=[keyed_page()])
def feeds_page(request: Request, actor: MayManageSelf, db: SessionDep) -> Response:
    """Show the secret addresses of one's calendars, with the form of a new one."""
    return render(request, "calendar/feeds.html", feeds=feeds.feeds(db, actor).items, created=None)


@router.post(FEEDS, dependencies=[form_on(FEEDS, "/cohortes/{cohort_id}/calendrier", creates=True)])
def create_feed(
    request: Request, actor: MayManageSelf, db: SessionDep, settings: SettingsDep, form: Annotated[NewFeed, Form()]
) -> Response:
    """Create a secret address and show it once."""
    created = feeds.create_feed(db, actor, form, settings.base_url)
    return render(request, "calendar/feeds.html", feeds=(), created=created)


@router.post(FEEDS + "/{feed_id}/renouvellement", dependencies=[form_on(FEEDS)])
def renew_feed(request: Request, actor: MayManageSelf, db: SessionDep, settings: SettingsDep, feed_id: int) -> Response:
    """End a secret address and show the one that takes its place, once."""
    created = feeds.renew_feed(db, actor, feed_id, settings.base_url)
    return render(request, "calendar/feeds.html", feeds=(), created=created)


@router.post(FEEDS + "/{feed_id}/fin", dependencies=[form_on(FEEDS)])
def end_feed(actor: MayManageSelf, db: SessionDep, feed_id: int) -> Response:
    """End a secret address."""
    feeds.end_feed(db, actor, feed_id)
    return redirect_after_post(FEEDS)


@router.get("/calendriers/{feed_secret}.ics", dependencies=[slowed(RateLimitScope.CALENDAR)])
def calendar_file(
    request: Request, _: OptionalActor, db: SessionDep, keyring: KeyringDep, settings: SettingsDep, feed_secret: str
) -> Response:
    """Return the calendar of a secret address, with its entity tag; 304 when the program has it already."""
    content = feeds.read_feed(db, keyring, feed_secret, origin=origin_of(request), site=settings.base_url)
    headers = {
        "Cache-Control": f"private, max-age={FRESH_SECONDS}",
        "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',  # weak: it may be compressed on its way
        "X-Robots-Tag": "noindex, nofollow",
    }
    if is_known(request.headers, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers | attachment("calendrier.ics"))
