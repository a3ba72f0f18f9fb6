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


PARTED = tuple(kind for kind in TargetKind if kind is not TargetKind.REGIONS)
"""The kinds of targets that have parts by region: regions themselves are counted, not parts of one."""
