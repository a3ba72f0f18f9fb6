"""The outbox of e-mail messages: enqueued in the transaction that causes them, sent afterwards by the worker.

Delivery is at least once: a worker that dies after the server accepted a message and before it is marked as sent sends
it again, with the same ``Message-ID``, so that mail programs recognise the duplicate. A refusal of the address or of
the message (5xx) ends it at once; other failures are tried again with growing delays, for three days or as long as the
link in the message is valid. A mail server that is away is tried by one message a minute. Log lines name messages by
number: an address is personal data.
"""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import Row as ResultRow
from sqlalchemy import text
from sqlmodel import Field

from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.claims import Right
from app.platform.database.rows import Row
from app.platform.database.session import Session, allow
from app.platform.database.transaction import Database
from app.platform.database.types import by_value, check, moment, moment_or_none
from app.platform.jobs.job import JobContext, Queue, RowJob
from app.platform.jobs.queue import enqueue as enqueue_jobs
from app.platform.messages import smtp
from app.platform.messages.addresses import Envelope, ascii_host, envelope
from app.platform.messages.i18n import t
from app.platform.messages.rules import (
    OPEN_STATES,
    SERVER_ROUND,
    DeliveryReason,
    Failure,
    LetterState,
    next_state,
    next_try,
)
from app.platform.messages.smtp import DeliveryFailed

log = logging.getLogger("escouade.letters")

CALENDAR_NAME = "seance"
"""The name of an attached calendar file, ``seance.ics``; of several, ``seance-1.ics`` and so on."""

_END_OF_CALENDAR = re.compile(r"(?<=^END:VCALENDAR\r\n)", re.MULTILINE)

MASKED = "left(recipient, 1) || '…' || substr(recipient, strpos(recipient, '@'))"
"""A recipient as an administrator sees it: the first character, and the domain; ``rules.mask`` in SQL."""


class EmailMessage(Row, table=True):
    """A message to send; its body, which may hold a secret link, is emptied once it is sent, refused or abandoned.

    ``calendar``: the calendar files to attach, one after the other (RFC 5545, 3.4), emptied with the body. ``kind`` is
    its key in the catalogue. ``person_id``: whose account it is for; ``None`` for an invitation, which refers to its
    message. ``reason`` and ``status`` (``550 5.1.1``) say why the last try failed. After ``expires_at`` it is of no
    use: the link in it has expired.
    """

    __tablename__ = "letter"
    __table_args__ = (
        check("sent", "(state = 'sent') = (sent_at is not null)"),
        check("stopped", "(state in ('refused', 'given_up')) = (stopped_at is not null)"),
        sa.Index("ix_letter_state_due_at", "state", "due_at"),
    )

    kind: str = Field(max_length=40)
    person_id: int | None = Field(default=None, index=True)
    recipient: str = Field(max_length=254)
    masked: str | None = Field(default=None, sa_column=sa.Column(sa.String(256), sa.Computed(MASKED, persisted=True)))
    subject: str = Field(max_length=200)
    body: str
    calendar: str | None = None
    created_at: datetime = moment(index=True)
    due_at: datetime = moment()
    expires_at: datetime | None = moment_or_none()
    tries: int = 0
    state: LetterState = Field(default=LetterState.WAITING, sa_type=by_value(LetterState))
    reason: DeliveryReason | None = Field(default=None, sa_type=by_value(DeliveryReason), nullable=True)
    status: str = Field(default="", max_length=20)
    sent_at: datetime | None = moment_or_none()
    stopped_at: datetime | None = moment_or_none()


def enqueue(
    db: Session,
    recipient: str,
    key: str,
    person_id: int | None = None,
    expires_at: datetime | None = None,
    /,
    **params: object,
) -> EmailMessage:
    """Add a message, ``mail.<key>.subject`` and ``.body`` in the reader's language; sent if the transaction commits.

    ``person_id``: whose account it is for. ``expires_at``: when the link in it expires; such a message is sent before
    the others that wait, as someone may be waiting for it.
    """
    return _add(db, recipient, key, params, person_id=person_id, expires_at=expires_at)


def enqueue_with_calendar(
    db: Session, recipient: str, key: str, person_id: int, calendar: str, /, **params: object
) -> EmailMessage:
    """Add a message as :func:`enqueue` does, with one or several calendar files of method PUBLISH attached."""
    return _add(db, recipient, key, params, person_id=person_id, calendar=calendar)


def _add(
    db: Session,
    recipient: str,
    key: str,
    params: Mapping[str, object],
    *,
    person_id: int | None,
    expires_at: datetime | None = None,
    calendar: str | None = None,
) -> EmailMessage:
    subject, body = compose(key, **params)
    at = now()
    allow(db, Right.LETTERS)
    message = EmailMessage(
        kind=key,
        person_id=person_id,
        recipient=recipient,
        subject=subject,
        body=body,
        calendar=calendar,
        created_at=at,
        due_at=at,
        expires_at=expires_at,
    )
    db.add(message)
    db.flush()
    enqueue_jobs(db, LETTER, [message.id], sooner=int(expires_at is not None))
    return message


def compose(key: str, **params: object) -> tuple[str, str]:
    """Return the subject (one line of 200 characters at most) and the body of a message."""
    subject = " ".join(t(f"mail.{key}.subject", **params).split())
    return subject[:200], t(f"mail.{key}.body", **params)


# Sending -----------------------------------------------------------------------------------------

_DUE = text("select id from letter where state in ('waiting', 'retrying') and due_at <= :at order by due_at, id")
_TAKE = text(
    """
    select id, kind, recipient, subject, body, calendar, created_at, expires_at, tries from letter
     where id = :id and state in ('waiting', 'retrying') and due_at <= :at for update skip locked
    """
)
_TRIED = text(
    """
    update letter set tries = :tries, state = :state, reason = :reason, status = :status, due_at = :due,
                      sent_at = :sent, stopped_at = :stopped, body = case when :open then body else '' end,
                      calendar = case when :open then calendar end
     where id = :id
    """
)
_WAIT_FOR_THE_SERVER = text(
    """
    with due as (
      select id, due_at, tries from letter
       where state in ('waiting', 'retrying') and due_at < :rest and id <> :id for update skip locked
    ), ranked as (select id, row_number() over (order by tries, due_at, id) as place from due)
    update letter set due_at = case when ranked.place = 1 then :next else :rest end
      from ranked where ranked.id = letter.id
    """
)
"""One message tries the mail server alone, of those least tried; the others that are due wait for how that ends."""
_LONGEST_TRANSACTION = text("set local idle_in_transaction_session_timeout = '5min'")
"""While a mail server answers, the transaction that holds the message's lock is idle."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of one try: the message's state, when to try again (``None`` when it is settled), what failed."""

    letter_id: int
    state: LetterState
    next_try: datetime | None
    failure: Failure | None


def can_send(settings: Settings) -> bool:
    """Return whether messages can be sent: by a mail server, or outside production into files."""
    return settings.smtp_url is not None or settings.environment != "production"


def due_letters(database: Database, settings: Settings) -> list[int]:
    """Return the messages that are due, oldest first; none where messages cannot be sent."""
    if not can_send(settings):
        return []
    with database.engine.connect() as owner:
        return list(owner.execute(_DUE, {"at": now()}).scalars())


def deliver_letter(database: Database, settings: Settings, letter_id: int) -> Delivery | None:
    """Send a message if it is due and no other worker is sending it; return the result, ``None`` otherwise.

    Its row is locked until its state is committed: the message of a worker that dies is sent by another. When the mail
    server itself fails, the others that are due wait: one of them tries it a minute later, then the others.
    """
    if not can_send(settings):
        return None
    with database.engine.begin() as owner:
        owner.execute(_LONGEST_TRANSACTION)
        message = owner.execute(_TAKE, {"id": letter_id, "at": now()}).one_or_none()
        if message is None:
            return None
        delivery = _delivery(message, _failure(settings, message))
        failure, at = delivery.failure, now()
        is_open = delivery.state in OPEN_STATES
        owner.execute(
            _TRIED,
            {
                "id": message.id,
                "tries": message.tries + 1,
                "state": delivery.state.value,
                "reason": failure and failure.reason.value,
                "status": failure.status if failure else "",
                "due": delivery.next_try or at,
                "sent": at if delivery.state is LetterState.SENT else None,
                "stopped": None if is_open or delivery.state is LetterState.SENT else at,
                "open": is_open,
            },
        )
        if failure is not None and failure.server_wide:
            rounds = {"next": at + SERVER_ROUND, "rest": at + 2 * SERVER_ROUND}
            owner.execute(_WAIT_FOR_THE_SERVER, rounds | {"id": message.id})
    _log(message, delivery)
    return delivery


def _failure(settings: Settings, message: ResultRow[Any]) -> Failure | None:
    """Send a message; return why it failed, ``None`` when the server took it."""
    if message.expires_at is not None and now() >= message.expires_at:
        return Failure(DeliveryReason.LETTER_EXPIRED)
    try:
        send(settings, message)
    except DeliveryFailed as error:
        return error.failure
    return None


def _delivery(message: ResultRow[Any], failure: Failure | None) -> Delivery:
    if failure is None:
        return Delivery(message.id, LetterState.SENT, None, None)
    at = now()
    state = next_state(failure, at, created_at=message.created_at, expires_at=message.expires_at)
    again = next_try(at, tries=message.tries + 1, number=message.id) if state in OPEN_STATES else None
    return Delivery(message.id, state, again, failure)


def _log(message: ResultRow[Any], delivery: Delivery) -> None:
    """Log a try: numbers and codes alone."""
    failure = delivery.failure
    if failure is None:
        log.info("letter %d (%s) sent", message.id, message.kind)
    else:
        log.warning(
            "letter %d (%s) %s, try %d: %s %s",
            message.id, message.kind, delivery.state, message.tries + 1, failure.reason, failure.status,
        )  # fmt: skip


def to_mime(row: ResultRow[Any], settings: Settings, recipient: Envelope) -> MimeMessage:
    """Return the MIME message of an outbox row, the same at each try; raise ``ValueError`` for a header with a line
    break.

    Each calendar file is an attachment, which Outlook, Gmail and Apple Mail open as an entry to add. As an alternative
    to the text, Outlook does not recognise the method PUBLISH (MS-STANOICAL, RFC 6047), and a program that shows the
    last alternative that it knows would hide the text.
    """
    message = MimeMessage(policy=SMTP.clone(utf8=recipient.needs_utf8))
    message["From"] = sender(settings)
    message["To"] = recipient.address
    message["Subject"] = row.subject
    message["Date"] = format_datetime(row.created_at)
    unique = f"letter-{row.id}-{row.created_at:%Y%m%d%H%M%S}"
    message["Message-ID"] = f"<{unique}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.body)
    if row.calendar is not None:
        for name, calendar in _calendar_files(row.calendar):
            message.add_attachment(
                calendar.encode(),
                maintype="text",
                subtype="calendar",
                filename=name,
                params={"method": "PUBLISH", "charset": "UTF-8"},
            )
        message.set_boundary(f"=_{unique}")  # else another one at each try
    return message


def _calendar_files(stream: str) -> list[tuple[str, str]]:
    """Return the calendar files of a message, each with its name; one holds one entry, or Outlook takes the first."""
    files = [file for file in _END_OF_CALENDAR.split(stream) if file]
    if len(files) == 1:
        return [(f"{CALENDAR_NAME}.ics", files[0])]
    return [(f"{CALENDAR_NAME}-{n}.ics", file) for n, file in enumerate(files, 1)]


def sender(settings: Settings) -> str:
    """Return who messages are from, name and address."""
    return settings.mail_from or f"{t('core.product')} <escouade@{_host(settings)}>"


def sender_address(settings: Settings) -> str:
    """Return the address alone that messages are from."""
    return parseaddr(sender(settings))[1]


def _host(settings: Settings) -> str:
    return ascii_host(urlsplit(settings.base_url).hostname or "localhost")


def send(settings: Settings, row: ResultRow[Any]) -> None:
    """Send a message through the mail server, or write it to a file, whole or not at all, where there is none.

    Raises :class:`DeliveryFailed`.
    """
    with smtp.failures():
        recipient = envelope(row.recipient)
        message = to_mime(row, settings, recipient)
        if settings.smtp_url is None:
            _write_file(settings.data_dir / "mail", message, row.id)
    if settings.smtp_url is not None:
        smtp.send(settings.smtp_url, message, sender_address(settings), recipient)


def _write_file(folder: Path, message: MimeMessage, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06d}.eml"
    part = path.with_suffix(".part")  # one for each message, whose row is locked: the next try takes the place of one
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it may hold a secret link
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(message.as_bytes())
            out.flush()
            os.fsync(handle)
        part.replace(path)
    except BaseException:
        part.unlink()
        raise


# Background work ---------------------------------------------------------------------------------


def _deliver(context: JobContext, letter_id: int) -> None:
    deliver_letter(context.database, context.settings, letter_id)


def _due(context: JobContext) -> list[int]:
    return due_letters(context.database, context.settings)


LETTER = RowJob("letter", _deliver, _due, Queue.LETTERS)
"""Sends one message; one that is due later, after a failure, gets its job again from the sweep."""
