"""The messages in the outbox, read as the tables' owner: the application role may not read them."""

import re

from sqlalchemy import text

from app.platform.database.transaction import Database


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
