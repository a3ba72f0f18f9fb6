"""Roles that one's own file names."""

from enum import StrEnum


class FileRole(StrEnum):
    """What someone did in a consultation that took place, or that they facilitated the session."""

    CLIENT = "client"
    CONSULTANT = "consultant"
    OBSERVER = "observer"
    NOTE_TAKER = "note_taker"
    DIGITAL_FACILITATOR = "digital_facilitator"
    FACILITATOR = "facilitator"
