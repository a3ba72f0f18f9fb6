"""Judgements, their evidence and the trainer's queue as they come in and go out. Moments are UTC."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """What a judgement may rest on."""

    HAND_IN = "hand_in"
    MANDATE = "mandate"
    SESSION = "session"
