"""What becomes of a swap that a member proposed to another."""

from enum import StrEnum


class SwapOutcome(StrEnum):
    """How a proposed swap ended; lapsed when the turn changed hands or plan meanwhile."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
