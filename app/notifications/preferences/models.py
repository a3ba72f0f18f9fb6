"""The table of preferences."""

from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.notifications.rules import EARLIEST_QUIET, LATEST_QUIET, QUIET_UNTIL
from app.platform.database.rows import Row
from app.platform.database.types import check


class MailPreference(Row, table=True):
    """How a person gets e-mails; without a row, the defaults of ``rules`` hold.

    ``choices`` has the value of ``MailChoice`` by kind, where it is not the default. ``quiet_from`` and ``quiet_until``
    are hours in ``timezone``; without ``quiet_from`` there are no quiet hours.
    """

    __tablename__ = "mail_preference"
    __table_args__ = (
        check("quiet_from", f"quiet_from between {EARLIEST_QUIET} and 23"),
        check("quiet_until", f"quiet_until between 5 and {LATEST_QUIET}"),
        check("language", "language in ('fr', 'en')"),
    )

    person_id: int = Field(foreign_key="person.id", unique=True)
    choices: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    timezone: str = Field(default="America/Toronto", max_length=40)
    quiet_from: int | None = None
    quiet_until: int = QUIET_UNTIL
    language: str = Field(default="fr", max_length=2)
