"""What becomes of an announced entrance."""

from enum import StrEnum


class Outcome(StrEnum):
    """How an announced entrance ended; refused when the rules of the group no longer let the person in (BR-10)."""

    ENTERED = "entered"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
