"""How the offer of a seat ended, as stored."""

from enum import StrEnum


class OfferAnswer(StrEnum):
    """How the offer of a seat ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"
