"""Command and read models of confirmations of a record."""

from datetime import datetime

from pydantic import Field

from app.platform.schema import Command, Read


class ConfirmCommand(Command):
    """What a member says of the record that they read: that it is right about them, or wrong."""

    record_id: int
    is_right: bool


class ConfirmationShown(Read):
    """Someone whom the record names; ``is_right`` is ``None`` while they have said nothing of it."""

    membership_id: int
    name: str
    is_right: bool | None
    said_at: datetime | None


class ConfirmationsShown(Read):
    """Who has confirmed the record in force of a session; a correction asks everyone again."""

    record_id: int | None
    confirmations: tuple[ConfirmationShown, ...]
    to_confirm: bool = Field(description="whether the reader is asked")


class RecordToConfirm(Read):
    """A session whose record waits for someone."""

    id: int
    group: str
    starts_at: datetime
    timezone: str
