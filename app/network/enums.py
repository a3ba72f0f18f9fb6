"""Enumerations of the network that later features share."""

from enum import StrEnum


class CertificateKind(StrEnum):
    """The certificates that a college may issue at the end of a path."""

    attestation_participation = "attestation_participation"
    attestation_reussite = "attestation_reussite"
    certification_collegiale = "certification_collegiale"


class TargetKind(StrEnum):
    """What a project promises to reach."""

    ADVISORS = "advisors"
    ENTERPRISES = "enterprises"
    REGIONS = "regions"
