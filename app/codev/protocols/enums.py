"""The variants of a consultation, who speaks in its steps, and the parts of a session."""

from enum import StrEnum


class Variant(StrEnum):
    """How a consultation goes: in its whole length, or express, when its client has prepared nothing (S4)."""

    STANDARD = "standard"
    EXPRESS = "express"


class Speaker(StrEnum):
    """Who speaks in a step."""

    CLIENT = "client"
    CONSULTANTS = "consultants"
    EVERYONE = "everyone"


class SessionPart(StrEnum):
    """A part of a session; its consultations stand in it."""

    OPENING = "opening"
    FOLLOW_UP = "follow_up"
    CONSULTATION = "consultation"
    BREAK = "break"
    CLOSING = "closing"
