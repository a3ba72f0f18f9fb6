"""Certificates: a frozen record each, a contiguous number, a random code; never deleted (BR-19, BR-20)."""

from enum import StrEnum


class CertificateState(StrEnum):
    """BR-20: the last two are final."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
