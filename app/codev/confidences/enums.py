"""Kinds of confidences."""

from enum import StrEnum


class ConfidenceKind(StrEnum):
    """What a text of a group is; the value is part of what it is bound to, and never changes."""

    SHEET = "sheet"
    JOURNAL = "journal"
    NOTE = "note"
    LEARNING = "learning"
    ACTION = "action"
