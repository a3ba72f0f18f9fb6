"""People, their accounts and the roles they hold."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash


@cache
def hasher() -> PasswordHash:
    """argon2id with the library's recommended cost."""
    return PasswordHash.recommended()


@cache
def nobody_hash() -> str:
    """A hash to verify against when there is no such account, so that both answers take as long."""
    return hasher().hash("nobody signs in with this")


def normal_password(password: str) -> str:
    """Composed accents: a password typed on another keyboard is the same."""
    return unicodedata.normalize("NFC", password)
