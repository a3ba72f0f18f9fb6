"""The states of a transfer, whose turn it is, and how lists are sorted and filtered."""

from enum import StrEnum


class TransferState(StrEnum):
    """Where a transfer stands; the last four end it."""

    AWAITING_CONSENT = "awaiting_consent"
    AWAITING_DECISION = "awaiting_decision"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONSENT_REFUSED = "consent_refused"
    WITHDRAWN = "withdrawn"


class Side(StrEnum):
    """What the reader of a transfer is to it: the college that proposed it, the one that receives, or the person."""

    SENDER = "sender"
    RECEIVER = "receiver"
    PERSON = "person"


class Direction(StrEnum):
    """Which transfers of a college a list shows, as its address says it."""

    INCOMING = "recus"
    OUTGOING = "envoyes"


class TransferSort(StrEnum):
    """What a list of transfers is sorted by."""

    DATE = "date"


class CarriedFate(StrEnum):
    """What becomes of a result in the version that the new cohort follows."""

    CARRIED = "carried"
    PARTLY = "partly"
    NOT_COUNTED = "not_counted"
