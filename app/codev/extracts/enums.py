"""Kinds of one's own writings, and of what would let someone be recognised."""

from enum import StrEnum


class OwnKind(StrEnum):
    """What an extract may be made of: one's own words alone."""

    SHEET = "sheet"
    LEARNING = "learning"
    NOTE = "note"
    JOURNAL = "journal"


class MarkKind(StrEnum):
    """What in a text would let someone be recognised."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    EMAIL = "email"
    PHONE = "phone"
