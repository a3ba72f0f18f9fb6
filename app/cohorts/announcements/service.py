"""Previewing, sending and listing the announcements of a cohort.

Nothing is sent before its preview was confirmed; what was sent stands in the inbox of its readers and in their e-mail
as they chose (``Kind.ANNOUNCEMENT``), and is not recalled.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.announcements.enums import AnnouncementSort
from app.cohorts.announcements.models import Announcement
from app.cohorts.announcements.schemas import (
    AnnouncementPage,
    AnnouncementPreview,
    AnnouncementsApiQuery,
    AnnouncementShown,
    AnnouncementsQuery,
    NewAnnouncement,
)
from app.cohorts.audience import followers_of, trainers_of
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.notifications import texts
from app.notifications.enums import Kind
from app.notifications.letters import compose_letter
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person, shown_name
from app.people.service import names_of
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason
from app.platform.paging import Page
from app.platform.search import search_key
from app.platform.security.actor import Actor

INBOX = "/messages"
"""The page of an announcement: it stands there whole."""

_SENT = (col(Announcement.sent_at),)
ORDERS: Orders = {AnnouncementSort.SENT: _SENT}


def preview(
    db: Session, actor: Actor, cohort: CohortRef, command: NewAnnouncement, *, site: str
) -> AnnouncementPreview:
    """Return what each person of a cohort would read, and who they are; raise ``Conflict("cohort_archived")``."""
    require_not_archived(cohort)
    return _preview(db, cohort, command, *_readers(db, actor, cohort), site=site)


def send(db: Session, actor: Actor, cohort: CohortRef, command: NewAnnouncement, *, site: str) -> AnnouncementPreview:
    """Send an announcement to everyone of a cohort but its author, and return it as they read it.

    Raises ``Conflict``: ``cohort_archived``, ``announcement_reaches_nobody``.
    """
    require_not_archived(cohort)
    participants, trainers = _readers(db, actor, cohort)
    people = participants | trainers
    if not people:
        raise Conflict("announcement_reaches_nobody", Reason("announcement_reaches_nobody"))
    row = Announcement(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        subject=command.subject,
        text=command.text,
        reaches=len(people),
        sent_at=now(),
        sent_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    key, params = f"announcement:{row.id}", _params(cohort, command)
    notify(db, Event(Kind.ANNOUNCEMENT, key, sorted(people), INBOX, params, cohort.college_id))
    return _preview(db, cohort, command, participants, trainers, site=site, announcement_id=row.id)


def announcements(db: Session, cohort: CohortRef, query: AnnouncementsApiQuery) -> AnnouncementPage:
    """Return the announcements of a cohort, newest first."""
    rows, next_ = fetch_after(
        db, _announcements(cohort), _SENT, col(Announcement.id), after=query.after, limit=query.limit, descending=True
    )
    return AnnouncementPage(items=tuple(_shown(row) for row in rows), next=next_)


def list_announcements(db: Session, cohort: CohortRef, query: AnnouncementsQuery) -> Page[AnnouncementShown]:
    """Return a page of the announcements of a cohort; the search looks at their subjects and texts."""
    written = folded(col(Announcement.subject) + " " + col(Announcement.text))
    found = [written.contains(word, autoescape=True) for word in query.words]
    return fetch_page(db, _announcements(cohort).where(*found), query, ORDERS, col(Announcement.id)).map(_shown)


def _announcements(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Announcement.id),
            col(Announcement.subject),
            col(Announcement.text),
            col(Announcement.reaches),
            col(Announcement.sent_at),
            shown_name().label("sent_by"),
        )
        .join(Person, col(Person.id) == col(Announcement.sent_by))
        .where(col(Announcement.cohort_id) == cohort.id)
    )


def _shown(row: Any) -> AnnouncementShown:  # noqa: ANN401 - a row of the statement above
    return AnnouncementShown.model_validate(row._mapping)


def _readers(db: Session, actor: Actor, cohort: CohortRef) -> tuple[frozenset[int], frozenset[int]]:
    """Return the people who follow a cohort and those who train it, without the author."""
    author = {actor.person_id}
    participants = followers_of(db, cohort.id) - author
    return participants, trainers_of(db, cohort.id) - participants - author


def _params(cohort: CohortRef, command: NewAnnouncement) -> dict[str, object]:
    return {"cohort": cohort.title, "subject": command.subject, "text": command.text}


def _preview(
    db: Session,
    cohort: CohortRef,
    command: NewAnnouncement,
    participants: frozenset[int],
    trainers: frozenset[int],
    *,
    site: str,
    announcement_id: int | None = None,
) -> AnnouncementPreview:
    """Return an announcement as its readers see it, and their names; it is logged whose were shown."""
    params = _params(cohort, command)
    names = names_of(db, participants | trainers)
    log_access(db, [(person_id, cohort.college_id) for person_id in participants], Part.BOARD)
    return AnnouncementPreview(
        announcement_id=announcement_id,
        title=texts.title(Kind.ANNOUNCEMENT, params),
        body=texts.body(Kind.ANNOUNCEMENT, params),
        letter=compose_letter(Kind.ANNOUNCEMENT, params, INBOX, site=site)[1],
        reaches=len(names),
        participants=_in_order(names[person] for person in participants),
        trainers=_in_order(names[person] for person in trainers),
    )


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=search_key))
