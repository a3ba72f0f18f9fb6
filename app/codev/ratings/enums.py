"""What members rate, and where a questionnaire stands."""

from enum import StrEnum


class RatingQuestion(StrEnum):
    """A question of the questionnaire."""

    USEFULNESS = "usefulness"
    CLIMATE = "climate"
    METHOD = "method"


class RatingState(StrEnum):
    """Where the questionnaire of a session stands."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
