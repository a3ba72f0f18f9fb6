"""Codevelopment groups and sessions: roles, presence and turns. No free text here (BR-11)."""

from enum import StrEnum


class CodevRole(StrEnum):
    """Roles around a consultation; those without one are consultants."""

    CLIENT = "client"
    RESERVE = "reserve"
    OBSERVER = "observer"
    NOTE_TAKER = "note_taker"
    DIGITAL_FACILITATOR = "digital_facilitator"
