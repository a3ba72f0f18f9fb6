"""The messages in the outbox, sent here and now, or read as the owner: the application role may not read them."""

import re
from datetime import timedelta

from sqlalchemy import text

from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import Reason
from app.platform.messages.outbox import deliver_letter, due_letters, enqueue
from app.platform.messages.rules import LetterState
from app.platform.observability.checks import LETTERS, run_checks


def messages(database: Database) -> list[tuple[str, str, str]]:
    """Return ``(recipient, subject, body)`` of each message, in order."""
    with database.engine.connect() as owner:
        rows = owner.execute(text("select recipient, subject, body from letter order by id")).all()
    return [(row.recipient, row.subject, row.body) for row in rows]


def link_in(body: str) -> str:
    """Return the path of the only link of a message."""
    links = re.findall(r"http://testserver(/\S+)", body)
    assert len(links) == 1, body
    return str(links[0])


def deliver(database: Database, settings: Settings) -> int:
    """Send every message that is due, each in a transaction of its own; return how many were sent."""
    sent = 0
    for letter_id in due_letters(database, settings):
        delivery = deliver_letter(database, settings, letter_id)
        sent += delivery is not None and delivery.state is LetterState.SENT
    return sent


def letter_problems(database: Database) -> list[Reason]:
    """Return what the check of letters finds."""
    [result] = run_checks(Settings(), database.addresses, [LETTERS]).results
    return [finding.reason for finding in result.findings or ()]


def put_letter(
    database: Database,
    recipient: str,
    key: str,
    *,
    state: LetterState = LetterState.WAITING,
    due: timedelta | None = None,
    **params: object,
) -> int:
    """Write a letter in a state, or one that is tried again only in a while; return its number."""
    with database.transaction() as db:
        id_ = enqueue(db, recipient, key, None, None, **params).id
    with database.engine.begin() as owner:
        if due is not None:
            later = text("update letter set state = 'retrying', due_at = :due, reason = 'server_busy' where id = :id")
            owner.execute(later, {"id": id_, "due": now() + due})
        elif state is not LetterState.WAITING:
            settle = text(
                "update letter set state = cast(:state as text), body = '',"
                " sent_at = case when cast(:state as text) = 'sent' then now() end,"
                " stopped_at = case when cast(:state as text) <> 'sent' then now() end where id = :id"
            )
            owner.execute(settle, {"id": id_, "state": state.value})
    return id_
