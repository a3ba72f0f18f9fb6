"""Events that concern people, and the messages that they read about them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from app.notifications.enums import Kind, MessageSort, Reading, SessionKind
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Read


class SessionEntry(Read):
    """A session as calendars take it, in the feeds of the site and in the e-mails about it, under one id.

    ``sequence`` rises whenever it changes, ``changed_at`` is when it last did. ``location`` is a line, empty without a
    venue nor a place. ``link`` is there only while its readers may see it.
    """

    kind: SessionKind
    id: int
    title: str
    code: str
    cohort: str
    starts_at: datetime
    planned_minutes: int
    timezone: str
    mode: str
    location: str
    sequence: int
    changed_at: datetime
    is_cancelled: bool
    page: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What has happened, and whom it concerns.

    ``key`` names it within its kind, as ``session:12:2``: given again, it reaches only who has no message of it yet.
    ``page`` is the address of the page to read. ``params`` are those of ``rules.PARAMS``: texts,
    whole numbers, days and moments. ``sessions`` are those that a kind of ``rules.ON_A_SESSION`` is about, for its
    e-mail: one, or those of a series.
    """

    kind: Kind
    key: str
    people: Collection[int]
    page: str
    params: Mapping[str, object] = field(default_factory=dict)
    college_id: int | None = None
    sessions: tuple[SessionEntry, ...] = ()


class NotificationShown(Read):
    """A message as its reader sees it, in their language; ``page`` is the address of the page that it is about."""

    id: int
    kind: Kind
    title: str
    body: str
    page: str
    created_at: datetime
    read_at: datetime | None


class NotificationPage(Read):
    """A page of messages, newest first; ``unread`` counts those not read yet, on every page."""

    items: tuple[NotificationShown, ...]
    unread: int
    next: int | None


class MarkedRead(Read):
    """How many messages were marked as read."""

    marked: int


class NotificationsApiQuery(Command):
    """The messages to return, newest first."""

    unread: bool = False
    after: After = None
    limit: Limit = PAGE


class NotificationsQuery(ListQuery):
    """The messages to show in a list, newest first."""

    SORTS: ClassVar = MessageSort
    tri: str = "-date"
    etat: Reading | None = None
    sujet: Kind | None = None
