"""The e-mails of messages, written by the worker: one transaction writes a letter and says so in its messages.

A worker that dies leaves both or neither, so that no message gets two letters and none is without; the outbox sends
them (``platform/messages/outbox.py``). When each is due depends on what its reader chose (``rules.mail_time``).
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.notifications import texts
from app.notifications.enums import Kind, MailChoice
from app.notifications.rules import MailHours, choice_of, mail_time
from app.notifications.schemas import SessionEntry
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.documents.calendar_file import published_entry
from app.platform.messages.i18n import day as shown_day
from app.platform.messages.i18n import in_language, local
from app.platform.messages.outbox import compose, enqueue, enqueue_with_calendar, sender_address

AT_ONCE = 50
"""How many people one transaction sees to."""

AGAIN_AFTER = timedelta(hours=1)
"""When a message that could not be written as a letter is tried again."""

log = logging.getLogger("escouade.worker")

_DUE = text(
    """
    with person as (
      select person_id from notification where mail_due_at <= :at group by person_id order by min(mail_due_at) limit :n
    )
    select n.id, n.person_id, n.kind, n.params, n.session_entries, n.page, n.created_at, n.read_at, a.email,
           m.choices, m.timezone, m.quiet_from, m.quiet_until, m.language
      from person join notification n on n.person_id = person.person_id
      left join account a on a.person_id = n.person_id and a.suspended_at is null
      left join mail_preference m on m.person_id = n.person_id
     where n.mail_due_at <= :at
     order by n.person_id, n.created_at, n.id
       for update of n skip locked
    """
)
_SETTLE = text(
    """
    update notification set mail_due_at = :due, letter_id = :letter,
                            session_entries = case when cast(:due as timestamptz) is not null then session_entries end
     where id = any (:ids)
    """
)


def write_letters(database: Database, settings: Settings) -> int:
    """Write the letters of the messages that are due; return how many letters were written."""
    written, at = 0, now()
    while True:
        with database.as_owner() as db:
            due = db.execute(_DUE, {"at": at, "n": AT_ONCE}).all()
            for _, rows in groupby(due, key=attrgetter("person_id")):
                written += _write_for(db, settings, list(rows))
        if not due:
            return written


def _write_for(db: Session, settings: Settings, rows: Sequence[Any]) -> int:
    """See to the messages of one person that are due: a letter each, one for those of a digest, or later."""
    first, at, written = rows[0], now(), 0
    hours = MailHours() if first.timezone is None else MailHours(first.timezone, first.quiet_from, first.quiet_until)
    digest: list[tuple[Any, str]] = []
    with in_language((first.language or "fr") if settings.english else "fr"):
        for row in rows:
            with _apart(db, [row]):
                choice = choice_of(Kind(row.kind), first.choices or {})
                due = None if first.email is None else mail_time(Kind(row.kind), choice, row.created_at, hours, at)
                if due is None or (choice is MailChoice.DIGEST and row.read_at is not None):
                    _settle(db, [row])
                elif due > at:
                    _settle(db, [row], due=due)
                elif choice is MailChoice.DIGEST:
                    digest.append((row, _part_of_digest(settings, row)))
                else:
                    _settle(db, [row], letter=_write_one(db, settings, row))
                    written += 1
        if digest:
            gathered = [row for row, _ in digest]
            with _apart(db, gathered):
                _settle(db, gathered, letter=_write_digest(db, settings, digest))
                written += 1
    return written


@contextmanager
def _apart(db: Session, rows: Sequence[Any]) -> Iterator[None]:
    """Let the letter of some messages fail alone: they are tried again later, and everyone else gets theirs."""
    try:
        with db.begin_nested():
            yield
    except OperationalError:  # the database is unavailable: nothing was attempted
        raise
    except Exception:
        log.exception("no letter for the messages %s; tried again later", [row.id for row in rows])
        _settle(db, rows, due=now() + AGAIN_AFTER)


def _write_one(db: Session, settings: Settings, row: Any) -> int:  # noqa: ANN401 - a row of _DUE
    kind = Kind(row.kind)
    parts = _parts(kind, row.params, row.page, settings.base_url)
    if row.session_entries is None:
        return enqueue(db, row.email, _letter_of(kind), row.person_id, **parts).id
    return enqueue_with_calendar(db, row.email, _letter_of(kind), row.person_id, _calendars(settings, row), **parts).id


def _calendars(settings: Settings, row: Any) -> str:  # noqa: ANN401 - a row of _DUE
    """Return the calendar files of the sessions that a message is about, one after the other."""
    site, organizer = settings.base_url.rstrip("/"), sender_address(settings)
    entries = (texts.calendar_entry(SessionEntry.model_validate(one), site) for one in row.session_entries)
    return "".join(published_entry(entry, organizer=organizer, at=row.created_at).decode() for entry in entries)


def compose_letter(kind: Kind, params: Mapping[str, object], page: str, *, site: str) -> tuple[str, str]:
    """Return the subject and the text of the e-mail of a message, in the reader's language."""
    return compose(_letter_of(kind), **_parts(kind, params, page, site))


def _letter_of(kind: Kind) -> str:
    """Return the key of the e-mail of a kind: an announcement stands whole in it, and has no page to lead to."""
    return "announcement" if kind is Kind.ANNOUNCEMENT else "notification"


def _parts(kind: Kind, params: Mapping[str, object], page: str, site: str) -> dict[str, str]:
    return {"title": texts.title(kind, params), "text": texts.body(kind, params), **_links(site, page)}


def _part_of_digest(settings: Settings, row: Any) -> str:  # noqa: ANN401 - a row of _DUE
    kind, page = Kind(row.kind), settings.base_url.rstrip("/") + row.page
    return f"{texts.title(kind, row.params)}\n{texts.body(kind, row.params)}\n{page}"


def _write_digest(db: Session, settings: Settings, digest: Sequence[tuple[Any, str]]) -> int:
    first = digest[0][0]
    return enqueue(
        db,
        first.email,
        "digest",
        first.person_id,
        n=len(digest),
        day=shown_day(local(now(), first.timezone or MailHours().timezone).date()),
        text="\n\n".join(part for _, part in digest),
        **_links(settings.base_url, ""),
    ).id


def _links(base_url: str, page: str) -> dict[str, str]:
    site = base_url.rstrip("/")
    return {"link": site + page, "inbox": f"{site}/messages", "choices": f"{site}/messages/courriels"}


def _settle(db: Session, rows: Sequence[Any], *, due: object = None, letter: int | None = None) -> None:
    """Say what became of the e-mail of messages: a letter, nothing, or a later time."""
    db.execute(_SETTLE, {"due": due, "letter": letter, "ids": [row.id for row in rows]})
    for _ in rows:
        skip_audit(db, "notification")
