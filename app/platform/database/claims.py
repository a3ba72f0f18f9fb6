"""What a transaction of a request may reach, sealed so that SQL inside it cannot widen it (docs/decisions/0018).

The application seals the claims with a key of its keyring, for one connection and one transaction; the policies of
row-level security believe nothing else. The database verifies with the same key, in a table that only its owner reads.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from sqlmodel import Field, SQLModel

BLOCK = 64
"""Bytes of a block of SHA-256, to which HMAC pads its key (RFC 2104)."""


class Right(StrEnum):
    """What a transaction may write or read beside the rows of its colleges, while the verb that needs it runs."""

    ACCOUNTS = "accounts"
    """Open accounts."""
    INVITATIONS = "invitations"
    """Read and write the invitations of its colleges."""
    LETTERS = "letters"
    """Read the delivery states of letters, and write letters; never their recipients or texts."""
    NETWORK = "network"
    """Write what belongs to the whole network, in no college."""
    OPERATION = "operation"
    """Let failed jobs run again, have letters tried now, read the end of the hash chain."""
    OIDC = "oidc"
    """Follow sign-ins through colleges' own services."""
    PLATFORM_ROLES = "platform_roles"
    """Give and end roles that hold in no college: administrator, observer."""
    ROLES = "roles"
    """Give and end roles in its colleges."""
    SUSPENSION = "suspension"
    """Suspend any account."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The colleges whose rows a transaction may reach, its actor, and what else it may touch.

    ``account`` is the one whose password, second factor, sign-ins and tokens it may read and write.
    """

    colleges: frozenset[int] = frozenset()
    person: int | None = None
    account: int | None = None
    rights: frozenset[Right] = field(default=frozenset())

    def __str__(self) -> str:
        """Return the claims as the database reads them."""
        colleges = ",".join(str(college) for college in sorted(self.colleges))
        return f"{colleges}|{self.person or ''}|{self.account or ''}|{','.join(sorted(self.rights))}"


class ClaimKey(SQLModel, table=True):
    """A key that claims are sealed with, as HMAC uses it; the application role has no right to this table."""

    __tablename__ = "claim_key"

    id: str = Field(primary_key=True, max_length=16)
    inner_pad: bytes
    outer_pad: bytes


def claim_key(key: bytes) -> ClaimKey:
    """Return the row with which the database verifies what ``key`` seals."""
    padded = key.ljust(BLOCK, b"\0")
    return ClaimKey(
        id=key_id(key), inner_pad=bytes(b ^ 0x36 for b in padded), outer_pad=bytes(b ^ 0x5C for b in padded)
    )


def key_id(key: bytes) -> str:
    """Return the public name of a key."""
    return hashlib.sha256(b"escouade claims " + key).hexdigest()[:16]


def sealed(claims: Claims, key: bytes, *, backend: int, since: str) -> str:
    """Return the claims with a seal that holds for the transaction of a backend that began at ``since``."""
    content = f"{claims}|{key_id(key)}"
    return f"{content}|{hmac.digest(key, f'{content}|{backend}|{since}'.encode(), 'sha256').hex()}"
