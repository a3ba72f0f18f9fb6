"""What a list of people does with a row."""

from enum import StrEnum


class RowOutcome(StrEnum):
    """What confirming the list does with a row, or what stands in its way."""

    INVITED = "invited"
    TRAINS = "trains"
    ALREADY_HERE = "already_here"
    ALREADY_TRAINS = "already_trains"
    WAITING = "waiting"
    REPEATED = "repeated"
    ASKED = "asked"
    REFUSED = "refused"
