"""What a correction is about, and what became of it."""

from enum import StrEnum


class CorrectionAbout(StrEnum):
    """What of an entry is wrong: one of its fields, or the entry as a whole."""

    NAME = "name"
    VERB = "verb"
    SUMMARY = "summary"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    WEBSITE = "website"
    DUPLICATE = "duplicate"
    CLOSED = "closed"


class CorrectionState(StrEnum):
    """What became of a correction."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class CorrectionSort(StrEnum):
    """What the corrections to decide on are sorted by."""

    DATE = "date"
    NAME = "fiche"
