"""Secret addresses of calendars: created, renewed, ended, and read by the programs that follow them."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import col, select

from app.cohorts.models import Cohort
from app.cohorts.schemas import CohortRef
from app.cohorts.service import allowed_actions, see_cohort
from app.identity.account.models import Account
from app.identity.sign_in.authentication import digest, load_actor
from app.network.venues.rules import place_line
from app.notifications.enums import SessionKind
from app.notifications.schemas import SessionEntry
from app.notifications.texts import calendar_entry, calendar_uid
from app.overview.calendar.agenda import agenda_of, agenda_of_cohort, meeting_links
from app.overview.calendar.enums import AgendaKind
from app.overview.calendar.models import CalendarFeed
from app.overview.calendar.schemas import AgendaItem, FeedCreated, Feeds, FeedShown, NewFeed
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.documents.calendar_file import CalendarEntry, calendar_file
from app.platform.errors import Conflict, Forbidden, NotFound
from app.platform.messages.i18n import t, today
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import TWO_FACTORS, P
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_address

MOST_FEEDS = 20
"""The most secret addresses of one person at a time."""
PAST = timedelta(days=60)
"""How far back a feed goes."""
SECRET_BYTES = 32


def create_feed(db: Session, actor: Actor, command: NewFeed, site: str) -> FeedCreated:
    """Create a secret address of one's own calendar, or of a cohort's; only the returned value holds it.

    Raises ``NotFound`` for a cohort whose calendar the actor does not read, ``Forbidden("calendar_needs_two_factors")``
    when only a role that takes two factors reads it, ``Conflict("too_many_feeds")``.
    """
    cohort = None
    if command.cohort_id is not None:
        cohort = see_cohort(db, actor.using(P.SESSION_READ), command.cohort_id)
        if not may_follow(db, actor, cohort):
            raise Forbidden("calendar_needs_two_factors")
    if len(feeds(db, actor).items) >= MOST_FEEDS:
        raise Conflict("too_many_feeds", most=MOST_FEEDS)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = CalendarFeed(
        person_id=actor.person_id,
        cohort_id=cohort.id if cohort is not None else None,
        secret_hash=digest(secret),
        created_at=now(),
    )
    db.add(row)
    db.flush()
    return FeedCreated(
        id=row.id,
        cohort_id=row.cohort_id,
        cohort=cohort.title if cohort is not None else None,
        created_at=row.created_at,
        address=f"{site}/calendriers/{secret}.ics",
    )


def may_follow(db: Session, actor: Actor, cohort: CohortRef) -> bool:
    """Return whether an address of the cohort's calendar would open to the actor."""
    return P.SESSION_READ in allowed_actions(db, _by_address(actor), cohort, P.SESSION_READ)


def _by_address(actor: Actor) -> Actor:
    """Return someone as their address lets them in: an address is one factor, so that roles that take two stay out."""
    return replace(actor, grants=frozenset(g for g in actor.grants if g.role not in TWO_FACTORS))


def feeds(db: Session, actor: Actor) -> Feeds:
    """Return the person's secret addresses in use, newest first; without its title, a cohort that is out of reach."""
    reader = _by_address(actor).using(P.SESSION_READ)
    within = scoped(reader, college=Cohort.college_id, cohort=Cohort.id)
    statement = (
        select(CalendarFeed, Cohort.title)
        .outerjoin(Cohort, sa.and_(col(Cohort.id) == CalendarFeed.cohort_id, within))
        .where(CalendarFeed.person_id == actor.person_id, col(CalendarFeed.ended_at).is_(None))
        .order_by(col(CalendarFeed.id).desc())
    )
    rows = db.exec(statement).all()
    return Feeds(
        items=tuple(
            FeedShown(id=row.id, cohort_id=row.cohort_id, cohort=title, created_at=row.created_at)
            for row, title in rows
        )
    )


def end_feed(db: Session, actor: Actor, feed_id: int) -> CalendarFeed:
    """End a secret address of the person's at once; raise ``NotFound``, also for another person's."""
    own = select(CalendarFeed).where(
        CalendarFeed.id == feed_id,
        CalendarFeed.person_id == actor.person_id,
        col(CalendarFeed.ended_at).is_(None),
    )
    row = db.exec(own.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound
    row.ended_at = now()
    db.add(row)
    db.flush()
    return row


def renew_feed(db: Session, actor: Actor, feed_id: int, site: str) -> FeedCreated:
    """Put another secret address in the place of one that may be known to others."""
    return create_feed(db, actor, NewFeed(cohort_id=end_feed(db, actor, feed_id).cohort_id), site)


def read_feed(db: Session, keyring: Keyring, secret: str, *, origin: str, site: str) -> bytes:
    """Return the calendar file of a secret address, as its person may see it now.

    Raises the same ``NotFound`` for an address that never was, one that ended, a suspended account, and a cohort that
    the person no longer reads.
    """
    hashed = digest(secret)
    db.execute(text("select set_config('app.presented', :hash, true)"), {"hash": hashed})
    statement = (
        select(CalendarFeed, Person)
        .join(Person, col(Person.id) == CalendarFeed.person_id)
        .join(Account, col(Account.person_id) == Person.id)
        .where(
            CalendarFeed.secret_hash == hashed,
            col(CalendarFeed.ended_at).is_(None),
            col(Account.suspended_at).is_(None),
        )
    )
    with limited_attempt(db, keyring, RateLimitScope.CALENDAR, of_address(origin), wrong=NotFound):
        found = db.exec(statement).one_or_none()
        if found is None:
            raise NotFound
    feed, person = found
    actor = _by_address(load_actor(db, person.id, person.name))
    set_actor(db, colleges=actor.colleges, person=person.id)
    since = today() - PAST
    if feed.cohort_id is None:
        return _file(db, actor, t("calendar.mine"), agenda_of(db, actor, since), site)
    cohort = see_cohort(db, actor.using(P.SESSION_READ), feed.cohort_id)
    return _file(db, actor, cohort.title, agenda_of_cohort(db, cohort, since), site, of_cohort=True)


def _file(
    db: Session, actor: Actor, name: str, items: list[AgendaItem], site: str, *, of_cohort: bool = False
) -> bytes:
    links = meeting_links(db, actor, items)
    entries = [
        _due(item, site, of_cohort=of_cohort) if item.starts_at is None else _session(item, item.starts_at, links, site)
        for item in items
    ]
    return calendar_file(name, entries)


def _session(
    item: AgendaItem, starts_at: datetime, links: Mapping[tuple[AgendaKind, int], str], site: str
) -> CalendarEntry:
    """Return the entry of a session, the same as its e-mails carry."""
    shared = item.model_dump(include=set(SessionEntry.model_fields) - {"kind", "starts_at"})
    entry = SessionEntry(
        **shared,
        kind=SessionKind(item.kind.value),
        starts_at=starts_at,
        location=place_line(item.venue, item.place),
        link=links.get((item.kind, item.id)),
    )
    return calendar_entry(entry, site)


def _due(item: AgendaItem, site: str, *, of_cohort: bool) -> CalendarEntry:
    """Return the entry of the last day of a module: one person's, by their enrolment, or everyone's, by the cohort."""
    unit = f"{'cohort-' if of_cohort else ''}due-{item.id}-{item.code}"
    return CalendarEntry(
        uid=calendar_uid(unit, site),
        sequence=item.sequence,
        changed_at=item.changed_at,
        summary=t("calendar.summary.due", title=item.title, code=item.code),
        starts=item.on,
        zone=item.timezone,
        description=item.cohort,
        url=f"{site}{item.page}",
    )
