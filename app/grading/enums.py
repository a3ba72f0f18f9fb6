"""Kinds of evidence."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """Kind of evidence that a judgement may rest on."""

    HAND_IN = "hand_in"
    MANDATE = "mandate"
    SESSION = "session"
