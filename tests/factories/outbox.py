"""What waits in the mailbox: read as the tables' owner, since the application itself may not."""

import re

from sqlalchemy import text

from app.platform.database.transaction import Database


def letters(database: Database) -> list[tuple[str, str, str]]:
    """``(recipient, subject, body)`` of each letter, in order."""
    with database.engine.connect() as owner:
        rows = owner.execute(text("select recipient, subject, body from letter order by id")).all()
    return [(row.recipient, row.subject, row.body) for row in rows]


def link_in(body: str) -> str:
    """The path of the one link of a letter."""
    found = re.findall(r"http://testserver(/\S+)", body)
    assert len(found) == 1, body
    return str(found[0])
