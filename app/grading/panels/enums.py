"""The kinds and the states of panels, how they decided, and how their list is sorted and filtered."""

from enum import StrEnum


class PanelKind(StrEnum):
    """What a panel is for: a review that the person asked, the committee of a further appeal, a double
    assessment, the confirmation of a judgement whose author declared an interest since (S6).
    """

    REVIEW = "review"
    COMMITTEE = "committee"
    DOUBLE = "double"
    CONFLICT = "conflict"


class PanelState(StrEnum):
    """How far a panel is."""

    TO_NAME = "to_name"
    READING = "reading"
    DIFFERING = "differing"
    DECIDED = "decided"


class Basis(StrEnum):
    """How the level was decided; nobody averages."""

    SINGLE = "single"
    AGREEMENT = "agreement"
    CONSENSUS = "consensus"
    THIRD = "third"
    MAJORITY = "majority"


class PanelFilter(StrEnum):
    """Which panels a list shows, as its address says it."""

    OPEN = "ouvertes"
    OVERDUE = "en_retard"
    DECIDED = "decidees"
    ALL = "toutes"


class PanelSort(StrEnum):
    """What the list of panels is sorted by."""

    DUE = "echeance"
