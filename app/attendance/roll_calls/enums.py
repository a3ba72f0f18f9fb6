"""The status and the mode of a presence, as stored, and how roll calls are sorted."""

from enum import StrEnum


class PresenceStatus(StrEnum):
    """How a person attended a session, or did not."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    EXCUSED = "excused"
    ABSENT = "absent"


class PresenceMode(StrEnum):
    """The means of attending; the telephone counts the same minutes (S1)."""

    ONSITE = "onsite"
    VIDEO = "video"
    PHONE = "phone"


class RollCallSort(StrEnum):
    """What the roll calls of a session are sorted by."""

    CLOSED = "cloture"
