"""Password hashing; requests do it in a lane of its own (``platform/security/hashing_lane.py``)."""

import unicodedata
from functools import cache
from typing import NamedTuple, Protocol

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr


class Cost(NamedTuple):
    """What argon2id costs: KiB of memory, passes over it, threads."""

    memory: int
    passes: int
    threads: int = 1


COST = Cost(19_456, 2)
"""One of the equivalent settings of OWASP's Password Storage Cheat Sheet."""


@cache
def hasher() -> PasswordHash:
    """Return the argon2id hasher; hashes of another cost are verified, and made anew at the next sign-in."""
    return PasswordHash((Argon2Hasher(memory_cost=COST.memory, time_cost=COST.passes, parallelism=COST.threads),))


@cache
def dummy_hash() -> str:
    """Return a hash to verify against when there is no such account, so that both cases take as long."""
    return hasher().hash("nobody signs in with this")


def normal_password(password: str) -> str:
    """Return the password in NFC, so that it is the same when typed on another keyboard."""
    return unicodedata.normalize("NFC", password)


def hashed(password: SecretStr) -> str:
    """Return the hash of a new password."""
    return hasher().hash(normal_password(password.get_secret_value()))


def verified(password: SecretStr, stored: str | None) -> tuple[bool, str | None]:
    """Return whether a password is that of a hash, and its new hash where the stored one is of other settings.

    Without a stored hash as much work is done, and the answer is no.
    """
    is_right, renewed = hasher().verify_and_update(
        normal_password(password.get_secret_value()), dummy_hash() if stored is None else stored
    )
    return is_right and stored is not None, renewed


class SetsPassword(Protocol):
    """A command that sets a password."""

    @property
    def password(self) -> SecretStr:
        """The new password."""


def hash_of(command: SetsPassword) -> str:
    """Return the hash of the password that a command sets: for the lane, before the transaction."""
    return hashed(command.password)
