"""Telling people what has happened, and reading what one was told.

:func:`notify` writes in the transaction of the change: a message is there if the change is, once per person and event.
"""

import json
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, text
from sqlmodel import col

from app.notifications import texts
from app.notifications.enums import Kind, MessageSort, Reading
from app.notifications.models import Notification
from app.notifications.rules import ON_A_SESSION, missing_params
from app.notifications.schemas import (
    Event,
    MarkedRead,
    NotificationPage,
    NotificationsApiQuery,
    NotificationShown,
    NotificationsQuery,
)
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import t
from app.platform.paging import Page
from app.platform.search import search_key
from app.platform.security.actor import Actor

# No conflict target: it would ask for the right to read the messages of others.
_NOTIFY = text(
    """
    insert into notification
           (person_id, college_id, kind, event_key, params, session_entries, page, created_at, mail_due_at)
    select person, e.college_id, e.kind, e.key, e.params, e.sessions, e.page, :at, :at
      from jsonb_to_recordset(cast(:events as jsonb))
             as e(kind text, key text, people int[], page text, params jsonb, sessions jsonb, college_id int),
           unnest(e.people) as person
     order by person
        on conflict do nothing
    """
)


def notify(db: Session, *events: Event) -> None:
    """Write a message to each person whom an event concerns and who has none of it yet; one statement for all.

    The transaction must reach the college of each event. Raise ``ValueError`` for other parameters than the kind's, and
    unless the kinds about a session, and no others, come with it.
    """
    for event in events:
        if wrong := missing_params(event.kind, event.params):
            raise ValueError(f"{event.kind} and its parameters differ in {sorted(wrong)}")
        if bool(event.sessions) is not (event.kind in ON_A_SESSION):
            raise ValueError(f"{event.kind} and its sessions: one is without the other")
    rows = [_as_json(event) for event in events if event.people]
    if not rows:
        return
    db.flush()
    written = db.connection().execute(_NOTIFY, {"events": json.dumps(rows, default=_text_of), "at": now()})
    if written.rowcount:
        skip_audit(db, "notification")


def _as_json(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "key": event.key,
        "people": sorted(set(event.people)),
        "page": event.page,
        "params": dict(event.params),
        "sessions": [session.model_dump(mode="json") for session in event.sessions] or None,
        "college_id": event.college_id,
    }


def _text_of(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"no parameter of a message: {type(value).__name__}")


# Reading -----------------------------------------------------------------------------------------

_DATE = (col(Notification.created_at),)
ORDERS: Orders = {MessageSort.DATE: _DATE}


def _own(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        col(Notification.id),
        col(Notification.kind),
        col(Notification.params),
        col(Notification.page),
        col(Notification.created_at),
        col(Notification.read_at),
    ).where(col(Notification.person_id) == actor.person_id)


def _shown(row: Any) -> NotificationShown:  # noqa: ANN401 - a row of the statement above
    kind = Kind(row.kind)
    return NotificationShown(
        id=row.id,
        kind=kind,
        title=texts.title(kind, row.params),
        body=texts.body(kind, row.params),
        page=row.page,
        created_at=row.created_at,
        read_at=row.read_at,
    )


def notifications_of(db: Session, actor: Actor, query: NotificationsApiQuery) -> NotificationPage:
    """Return the actor's own messages, newest first."""
    statement = _own(actor)
    if query.unread:
        statement = statement.where(col(Notification.read_at).is_(None))
    rows, next_ = fetch_after(
        db, statement, _DATE, col(Notification.id), after=query.after, limit=query.limit, descending=True
    )
    return NotificationPage(items=tuple(_shown(row) for row in rows), unread=count_unread(db, actor), next=next_)


def count_unread(db: Session, actor: Actor) -> int:
    """Return how many messages the actor has not read."""
    unread = _own(actor).where(col(Notification.read_at).is_(None)).with_only_columns(func.count())
    return int(db.execute(unread).scalar_one())


def list_notifications(db: Session, actor: Actor, query: NotificationsQuery) -> Page[NotificationShown]:
    """Return a page of the actor's own messages; the search looks at what they are about, and at their subjects."""
    statement = _own(actor).where(*(_matches(word) for word in query.words))
    if query.etat is not None:
        read = col(Notification.read_at)
        statement = statement.where(read.is_(None) if query.etat is Reading.UNREAD else read.is_not(None))
    if query.sujet is not None:
        statement = statement.where(col(Notification.kind) == query.sujet.value)
    return fetch_page(db, statement, query, ORDERS, col(Notification.id)).map(_shown)


def _matches(word: str) -> sa.ColumnElement[bool]:
    about = folded(sa.cast(col(Notification.params), sa.Text))
    kinds = [kind.value for kind in Kind if word in search_key(t(f"message.kind.{kind.value}"))]
    return sa.or_(col(Notification.kind).in_(kinds), about.contains(word, autoescape=True))


def mark_read(db: Session, actor: Actor, notification_id: int) -> NotificationShown:
    """Mark one of the actor's messages as read, and return it; raise ``NotFound``, also for another person's."""
    row = db.execute(_own(actor).where(col(Notification.id) == notification_id)).one_or_none()
    if row is None:
        raise NotFound
    at = row.read_at or now()
    if row.read_at is None:
        _write_read(db, actor, at, col(Notification.id) == notification_id)
    return _shown(row).model_copy(update={"read_at": at})


def mark_all_read(db: Session, actor: Actor) -> MarkedRead:
    """Mark all of the actor's messages as read."""
    return MarkedRead(marked=_write_read(db, actor, now()))


def _write_read(db: Session, actor: Actor, at: datetime, *where: sa.ColumnElement[bool]) -> int:
    written = db.connection().execute(
        sa.update(Notification)
        .where(col(Notification.person_id) == actor.person_id, col(Notification.read_at).is_(None), *where)
        .values(read_at=at)
    )
    if written.rowcount:
        skip_audit(db, "notification")
    return written.rowcount
