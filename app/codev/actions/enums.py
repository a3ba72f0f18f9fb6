"""States of an action item."""

from enum import StrEnum


class ActionState(StrEnum):
    """What became of an action; an open one and one not done come back at each session."""

    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"
    DROPPED = "dropped"
