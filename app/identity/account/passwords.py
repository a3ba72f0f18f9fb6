"""Password hashing."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash


@cache
def hasher() -> PasswordHash:
    """Return the argon2id hasher, with the library's recommended cost."""
    return PasswordHash.recommended()


@cache
def dummy_hash() -> str:
    """Return a hash to verify against when there is no such account, so that both cases take as long."""
    return hasher().hash("nobody signs in with this")


def normal_password(password: str) -> str:
    """Return the password in NFC, so that it is the same when typed on another keyboard."""
    return unicodedata.normalize("NFC", password)
