"""How an activity that someone missed is caught up."""

from enum import StrEnum


class How(StrEnum):
    """How an activity of a module that is passed is caught up, or what was decided of it."""

    DONE = "done"
    TO_DECIDE = "to_decide"
    ASSIGNED = "assigned"
    WAIVED = "waived"
    SESSION_TO_COME = "session_to_come"
    ALONE = "alone"
    HAND_IN = "hand_in"
    FIELD = "field"
    NEVER = "never"
