"""The kinds of holds, and how their list is sorted and filtered."""

from enum import StrEnum


class HoldKind(StrEnum):
    """Why no certificate is issued meanwhile."""

    REVOCATION = "revocation"
    REVIEW = "review"
    CONFLICT = "conflict"
    FORMALITY = "formality"


class HoldState(StrEnum):
    """Which holds a list shows, as its address says it."""

    OPEN = "ouvertes"
    LIFTED = "levees"
    ALL = "toutes"


class HoldSort(StrEnum):
    """What the list of holds is sorted by."""

    DATE = "date"
    NAME = "nom"
