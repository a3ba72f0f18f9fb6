"""The e-mails of messages, written by the worker: one transaction writes a letter and says so in its message.

A worker that dies leaves both or neither, so that no message gets two letters and none is without; the outbox sends
them (``platform/messages/outbox.py``).
"""

from typing import Any

from sqlalchemy import text

from app.notifications import texts
from app.notifications.enums import Kind
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.messages.outbox import enqueue

AT_ONCE = 100
"""How many messages one transaction sees to."""

_DUE = text(
    """
    select n.id, n.person_id, n.kind, n.params, n.page, a.email
      from notification n left join account a on a.person_id = n.person_id and a.suspended_at is null
     where n.mail_due_at <= :at
     order by n.mail_due_at, n.id
     limit :limit for update of n skip locked
    """
)
_SETTLE = text("update notification set mail_due_at = null, letter_id = :letter where id = :id")


def write_letters(database: Database, settings: Settings) -> int:
    """Write the letter of each message that is due; return how many were written."""
    written, at = 0, now()
    while True:
        with database.as_owner() as db:
            due = db.execute(_DUE, {"at": at, "limit": AT_ONCE}).all()
            written += sum(_write(db, settings, row) for row in due)
        if len(due) < AT_ONCE:
            return written


def _write(db: Session, settings: Settings, row: Any) -> bool:  # noqa: ANN401 - a row of the statement above
    """Write the letter of a message; without an account that is open, nothing is sent. Return whether it was."""
    letter_id = None
    if row.email is not None:
        kind, site = Kind(row.kind), settings.base_url.rstrip("/")
        letter_id = enqueue(
            db,
            row.email,
            "notification",
            row.person_id,
            title=texts.title(kind, row.params),
            text=texts.body(kind, row.params),
            link=site + row.page,
            inbox=f"{site}/messages",
        ).id
    db.execute(_SETTLE, {"letter": letter_id, "id": row.id})
    skip_audit(db, "notification")
    return letter_id is not None
