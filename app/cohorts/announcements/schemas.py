"""Commands and read models of announcements."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.cohorts.announcements.enums import AnnouncementSort
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Line, Prose, Read

LONGEST_SUBJECT, LONGEST_TEXT = 120, 4000


class NewAnnouncement(Command):
    """What to write to everyone of a cohort: plain text, in paragraphs."""

    subject: Annotated[Line, StringConstraints(max_length=LONGEST_SUBJECT)]
    text: Annotated[Prose, StringConstraints(max_length=LONGEST_TEXT)]


class SendAnnouncement(NewAnnouncement):
    """An announcement; a dry run sends nothing and says what each person would read, and who."""

    dry_run: bool = False


class AnnouncementPreview(Read):
    """An announcement as each person reads it, and who they are; ``announcement_id`` once it is sent.

    ``title`` and ``body`` are those of the message, ``letter`` is the text of the e-mail.
    """

    announcement_id: int | None
    title: str
    body: str
    letter: str
    reaches: int
    participants: tuple[str, ...]
    trainers: tuple[str, ...]


class AnnouncementShown(Read):
    """An announcement that was sent: by whom, when, and to how many people."""

    id: int
    subject: str
    text: str
    reaches: int
    sent_at: datetime
    sent_by: str


class AnnouncementPage(Read):
    """The announcements of a cohort, newest first; ``next`` is the cursor of the following page."""

    items: tuple[AnnouncementShown, ...]
    next: int | None


class AnnouncementsApiQuery(Command):
    """The announcements to return, newest first."""

    after: After = None
    limit: Limit = PAGE


class AnnouncementsQuery(ListQuery):
    """The announcements to show in a list, newest first."""

    SORTS: ClassVar = AnnouncementSort
    tri: str = "-envoi"
