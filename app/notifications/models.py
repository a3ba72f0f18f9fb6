"""The table of messages to people."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class Notification(Row, table=True):
    """A message to a person about one event; its texts are made of its kind and parameters when it is read.

    ``kind`` is one of ``enums.Kind``, without a CHECK: only ``notify`` writes it, and a new one needs no migration.
    ``event_key`` names the event within its kind: a person gets one message of it, however often it is announced.
    ``page`` is the address of the page that it is about. ``session_entries``: the sessions that it is about, as
    calendars take them; emptied once its e-mail is written or none is to be, as a meeting link may stand in one.
    ``mail_due_at``: when to see to its e-mail, ``None`` once that is done or nothing is to be sent; ``letter_id`` is
    the e-mail, where there is one.
    """

    __table_args__ = (
        UniqueConstraint("person_id", "kind", "event_key"),
        Index("ix_notification_person_id_created_at", "person_id", "created_at"),
        Index("ix_notification_unread", "person_id", postgresql_where=text("read_at is null")),
        Index("ix_notification_mail_due_at", "mail_due_at", postgresql_where=text("mail_due_at is not null")),
    )

    person_id: int = Field(foreign_key="person.id")
    college_id: int | None = Field(default=None, foreign_key="college.id", index=True)
    kind: str = Field(max_length=40)
    event_key: str = Field(max_length=120)
    params: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    session_entries: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    page: str = Field(max_length=200)
    created_at: datetime = moment(index=True)
    read_at: datetime | None = moment_or_none()
    mail_due_at: datetime | None = moment_or_none()
    letter_id: int | None = None
