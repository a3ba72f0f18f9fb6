"""Words of the network that the features downstream share."""

from enum import StrEnum


class CertificateKind(StrEnum):
    """The documents a college may issue at the end of a path (brief 4.1)."""

    attestation_participation = "attestation_participation"
    attestation_reussite = "attestation_reussite"
    certification_collegiale = "certification_collegiale"
