"""Letters that the service sends: written in the transaction that decides them, sent by the worker afterwards.

A letter is sent at least once: a worker that dies between the server's yes and its own note of it sends the
same letter again, under the same ``Message-ID``, by which mail programs know it. A server that refuses is
asked again, later and later, for three days.
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
GIVEN_UP_AFTER = timedelta(days=3)


class EmailMessage(Row, table=True):
    """A letter on its way; its body, which may hold a link that opens something, is emptied once it is sent."""

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
    """Write a letter, ``mail.<key>.subject`` and ``.body`` in the reader's language; it leaves if this commits."""
    subject, body = in_words(key, **params)
    at = now()
    db.add(EmailMessage(recipient=recipient, subject=subject, body=body, created_at=at, due_at=at))


def in_words(key: str, **params: object) -> tuple[str, str]:
    """Subject (one line of 200 characters at most) and body of a letter."""
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
                      body = case when :given_up then '' else body end
     where id = :id
    """
)


def has_post_office(settings: Settings) -> bool:
    """Whether letters can leave: by a server, or outside production into files."""
    return settings.smtp_url is not None or settings.environment != "production"


def waiting(url: str) -> list[Reason]:
    """Why letters do not leave, for ``doctor``: how many wait for a quarter of an hour, and how many were given up."""
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
    found = [Reason("letters_wait", {"n": late})] if late else []
    return found + ([Reason("letters_lost", {"n": lost})] if lost else [])


def deliver(database: Database, settings: Settings) -> int:
    """Send every letter that is due, each in a transaction of its own; returns how many left.

    Several workers share the letters; one that dies leaves its letter to the others.
    """
    sent = 0
    while has_post_office(settings):
        with database.engine.begin() as owner:
            letter = owner.execute(_DUE, {"at": now()}).one_or_none()
            if letter is None:
                break
            try:
                send(settings, written_out(letter, settings), letter.id)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                owner.execute(_FAILED, _setback(letter, error))
            else:
                owner.execute(_SENT, {"at": now(), "id": letter.id})
                sent += 1
    return sent


def _setback(letter: ResultRow[tuple[object, ...]], error: Exception) -> dict[str, object]:
    wait = min(FIRST_DELAY * 2 ** min(letter.tries, 10), LONGEST_DELAY)
    given_up = now() - letter.created_at > GIVEN_UP_AFTER
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return {"id": letter.id, "due": now() + wait, "given_up": given_up, "error": said[:300]}


def written_out(letter: ResultRow[tuple[object, ...]], settings: Settings) -> MimeMessage:
    """The letter as mail servers take it; a header with a line break is refused (``ValueError``)."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    message = MimeMessage(policy=SMTP)
    message["From"] = settings.mail_from or f"{t('core.product')} <escouade@{host}>"
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<letter-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def send(settings: Settings, message: MimeMessage, number: int) -> None:
    """Give a letter to the mail server, or write it as a file where there is none."""
    if settings.smtp_url is None:
        _file(settings.data_dir / "mail", message, number)
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


def _file(folder: Path, message: MimeMessage, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{number:06d}.eml"
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # its link may open an account
    with os.fdopen(handle, "wb") as out:
        out.write(message.as_bytes())
