"""The messages in the outbox, sent here and now, or read as the owner: the application role may not read them."""

import re

from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import Reason
from app.platform.messages.outbox import deliver_letter, due_letters
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
