"""The outbox of e-mail messages: enqueued in the transaction that causes them, sent afterwards by the worker.

Delivery is at least once: a worker that dies after the server accepted a message and before it is marked as sent sends
it again, with the same ``Message-ID``, so that mail programs recognise the duplicate. A failed delivery is retried
with growing delays, for three days.
"""

import os
import smtplib
import ssl
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Row as ResultRow
from sqlalchemy import create_engine, text
from sqlmodel import Field

from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.rows import Row
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.database.types import moment, moment_or_none
from app.platform.errors import Reason
from app.platform.messages.i18n import t

SMTP_SECONDS = 20
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
ABANDON_AFTER = timedelta(days=3)


class EmailMessage(Row, table=True):
    """A message to send; its body, which may hold a secret link, is emptied once it is sent or abandoned."""

    __tablename__ = "letter"

    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    body: str
    created_at: datetime = moment()
    due_at: datetime = moment(index=True)
    tries: int = 0
    sent_at: datetime | None = moment_or_none()
    last_error: str = Field(default="", max_length=300)


def enqueue(db: Session, recipient: str, key: str, **params: object) -> None:
    """Add a message, ``mail.<key>.subject`` and ``.body`` in the reader's language; sent if the transaction commits."""
    subject, body = compose(key, **params)
    at = now()
    db.add(EmailMessage(recipient=recipient, subject=subject, body=body, created_at=at, due_at=at))


def compose(key: str, **params: object) -> tuple[str, str]:
    """Return the subject (one line of 200 characters at most) and the body of a message."""
    subject = " ".join(t(f"mail.{key}.subject", **params).split())
    return subject[:200], t(f"mail.{key}.body", **params)


# Sending -----------------------------------------------------------------------------------------

_DUE = text(
    """
    select id, recipient, subject, body, created_at, tries from letter
     where sent_at is null and body <> '' and due_at <= :at
     order by due_at limit 1 for update skip locked
    """
)
_SENT = text("update letter set sent_at = :at, body = '', tries = tries + 1, last_error = '' where id = :id")
_FAILED = text(
    """
    update letter set tries = tries + 1, last_error = :error, due_at = :due,
                      body = case when :abandoned then '' else body end
     where id = :id
    """
)


def can_send(settings: Settings) -> bool:
    """Return whether messages can be sent: by a mail server, or outside production into files."""
    return settings.smtp_url is not None or settings.environment != "production"


def delivery_problems(url: str) -> list[Reason]:
    """Return the problems of delivery: messages late by 15 minutes or more, messages abandoned."""
    counted = text(
        """
        select count(*) filter (where body <> '' and created_at < :late) as late,
               count(*) filter (where body = '') as lost from letter where sent_at is null
        """
    )
    engine = create_engine(url)
    with engine.connect() as owner:
        late, lost = owner.execute(counted, {"late": now() - timedelta(minutes=15)}).one()
    engine.dispose()
    reasons = [Reason("letters_wait", {"n": late})] if late else []
    return reasons + ([Reason("letters_lost", {"n": lost})] if lost else [])


def deliver(database: Database, settings: Settings) -> int:
    """Send every message that is due, each in a transaction of its own; return how many were sent.

    Several workers share the outbox; the message of one that dies is sent by another.
    """
    sent = 0
    while can_send(settings):
        with database.engine.begin() as owner:
            message = owner.execute(_DUE, {"at": now()}).one_or_none()
            if message is None:
                break
            try:
                send(settings, to_mime(message, settings), message.id)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                owner.execute(_FAILED, _failure_values(message, error))
            else:
                owner.execute(_SENT, {"at": now(), "id": message.id})
                sent += 1
    return sent


def _failure_values(message: ResultRow[tuple[object, ...]], error: Exception) -> dict[str, object]:
    delay = min(FIRST_DELAY * 2 ** min(message.tries, 10), LONGEST_DELAY)
    abandoned = now() - message.created_at > ABANDON_AFTER
    description = " ".join(f"{type(error).__name__}: {error}".split())
    return {"id": message.id, "due": now() + delay, "abandoned": abandoned, "error": description[:300]}


def to_mime(row: ResultRow[tuple[object, ...]], settings: Settings) -> MimeMessage:
    """Return the MIME message of an outbox row; raise ``ValueError`` for a header with a line break."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    message = MimeMessage(policy=SMTP)
    message["From"] = settings.mail_from or f"{t('core.product')} <escouade@{host}>"
    message["To"] = row.recipient
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.created_at)
    message["Message-ID"] = f"<letter-{row.id}-{row.created_at:%Y%m%d%H%M%S}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.body)
    return message


def send(settings: Settings, message: MimeMessage, number: int) -> None:
    """Send a message through the mail server, or write it to a file where there is none."""
    if settings.smtp_url is None:
        _write_file(settings.data_dir / "mail", message, number)
        return
    parts = urlsplit(settings.smtp_url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=SMTP_SECONDS)
    with closing(server):
        if "starttls" in parse_qs(parts.query, keep_blank_values=True):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
        server.quit()


def _write_file(folder: Path, message: MimeMessage, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06d}.eml"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it may hold a secret link
    with os.fdopen(handle, "wb") as out:
        out.write(message.as_bytes())
