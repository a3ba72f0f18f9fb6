"""How the list of announcements is sorted."""

from enum import StrEnum


class AnnouncementSort(StrEnum):
    """What the list of announcements is sorted by."""

    SENT = "envoi"
