"""What proves prior learning, the steps of a claim, its state, and how the list of claims is sorted and filtered."""

from enum import StrEnum


class CredentialType(StrEnum):
    """The type of a credential of another body, which says how long it is accepted."""

    DIPLOMA = "diploma"
    CERTIFICATION = "certification"
    MICROCREDENTIAL = "microcredential"
    ATTESTATION = "attestation"


class StepKind(StrEnum):
    """What happened to a claim."""

    NAMED = "named"
    JUDGED = "judged"
    GRANTED = "granted"
    REFUSED = "refused"
    REVIEW_ASKED = "review_asked"
    WITHDRAWN = "withdrawn"


class ClaimState(StrEnum):
    """How far a claim is: its last step, or ``received`` before any."""

    RECEIVED = "received"
    NAMED = "named"
    JUDGED = "judged"
    GRANTED = "granted"
    REFUSED = "refused"
    REVIEW_ASKED = "review_asked"
    WITHDRAWN = "withdrawn"


class ClaimFilter(StrEnum):
    """Which claims a list shows, as its address says it."""

    OPEN = "ouvertes"
    DECIDED = "terminees"
    ALL = "toutes"


class ClaimSort(StrEnum):
    """What the list of claims is sorted by."""

    DATE = "date"
    NAME = "nom"
