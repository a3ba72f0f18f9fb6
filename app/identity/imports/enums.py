"""What a list of people does with a row."""

from enum import StrEnum


class RowOutcome(StrEnum):
    """What confirming the list does with a row, or what stands in its way."""

    INVITED = "invited"
    OFFERED = "offered"
    TRAINS = "trains"
    ALREADY_HERE = "already_here"
    ALREADY_TRAINS = "already_trains"
    ALREADY_HELD = "already_held"
    WAITING = "waiting"
    REPEATED = "repeated"
    ASKED = "asked"
    REFUSED = "refused"


ACTS = frozenset({RowOutcome.INVITED, RowOutcome.OFFERED, RowOutcome.TRAINS})
"""The outcomes that write something."""
UNSETTLED = frozenset({RowOutcome.ASKED, RowOutcome.REFUSED})
"""The outcomes that keep a whole list from being confirmed."""
