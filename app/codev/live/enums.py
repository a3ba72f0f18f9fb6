"""What is done during a session, how far it is, and how much of a step is left."""

from enum import StrEnum


class LiveAction(StrEnum):
    """What the facilitator does during a session; each is an event, and ``UNDO`` takes the last one back."""

    START = "start"
    NEXT = "next"
    NEXT_CONSULTATION = "next_consultation"
    PAUSE = "pause"
    RESUME = "resume"
    MORE = "more"
    LESS = "less"
    HERE = "here"
    AWAY = "away"
    SWAP = "swap"
    EXPRESS = "express"
    POSTPONE = "postpone"
    FINISH = "finish"
    UNDO = "undo"


class LivePhase(StrEnum):
    """How far a session is; ``RECORDED`` once its record is closed."""

    WAITING = "waiting"
    UNDERWAY = "underway"
    FINISHED = "finished"
    RECORDED = "recorded"
    CANCELLED = "cancelled"


class Tone(StrEnum):
    """How much of a step's time is left: enough, a fifth at most, a twentieth at most or none."""

    CALM = "calm"
    AMBER = "amber"
    RED = "red"
