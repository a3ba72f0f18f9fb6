"""The states of a certificate."""

from enum import StrEnum


class CertificateState(StrEnum):
    """The state of a certificate; all but ``valid`` are final (BR-20)."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
