"""Kinds of writings."""

from enum import StrEnum


class WritingKind(StrEnum):
    """What a member writes after a session: what they learned, or a note of a consultation or of the whole session."""

    LEARNING = "learning"
    NOTE = "note"
