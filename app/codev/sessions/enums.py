"""Roles in a consultation."""

from enum import StrEnum


class CodevRole(StrEnum):
    """Role of a member in a consultation; a member without one is a consultant."""

    CLIENT = "client"
    RESERVE = "reserve"
    OBSERVER = "observer"
    NOTE_TAKER = "note_taker"
    DIGITAL_FACILITATOR = "digital_facilitator"


class MoveReason(StrEnum):
    """Why a session is moved or changed: a category, never a detail (BR-11)."""

    QUORUM = "quorum"
    WEATHER = "weather"
    VENUE = "venue"
    OTHER = "other"


class UndoReason(StrEnum):
    """Why a cancellation or a departure is taken back: a category, never a detail (BR-11)."""

    MISTAKE = "mistake"
    RECONSIDERED = "reconsidered"
