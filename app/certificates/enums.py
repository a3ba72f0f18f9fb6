"""The states of a certificate."""

from enum import StrEnum


class CertificateState(StrEnum):
    """The state of a certificate; all but ``valid`` are final (BR-20)."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class RevocationGround(StrEnum):
    """Why a certificate is revoked: an error of the college's, or the holder's conduct (for cause)."""

    ERROR = "error"
    CAUSE = "cause"


class BatchWait(StrEnum):
    """What keeps a batch from going on: the store of files is full, or does not answer."""

    STORAGE_FULL = "storage_full"
    STORAGE_AWAY = "storage_away"
