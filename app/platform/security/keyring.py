"""The keyring: versioned keys outside the database, for everything that is sealed or keyed.

One file of random 256-bit keys by version, readable by its owner only and backed up apart from the
database. New secrets use the current version; older versions still open what they sealed, until
``escouade keys reseal`` has sealed it again. Each purpose has a key of its own (HKDF-SHA-256), so that
what was sealed for one purpose opens for no other.
"""

import base64
import fcntl
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.platform.errors import Reason, Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12


class Use(StrEnum):
    """What a key is for; the value is part of the key's derivation and never changes."""

    TOTP = "totp"
    OIDC = "oidc"
    THROTTLE = "throttle"
    AUDIT = "audit"
    ANSWER = "answer"
    BADGE = "badge"


@dataclass(frozen=True)
class Keyring:
    """Keys by version; ``current`` is the one that seals."""

    current: int
    keys: Mapping[int, bytes]

    @cached_property
    def _derived(self) -> dict[tuple[int, Use], bytes]:
        return {}

    def _key(self, version: int, use: Use) -> bytes:
        found = self._derived.get((version, use))
        if found is None:
            if version not in self.keys:
                raise Unavailable("key_missing", version=version)
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"escouade {use}".encode())
            found = self._derived[version, use] = derive.derive(self.keys[version])
        return found

    def encrypt(self, use: Use, plain: str, *, bound: str) -> str:
        """``plain`` under the current key (AES-256-GCM), bound to its place: moved elsewhere, it does not open."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._key(self.current, use)).encrypt(nonce, plain.encode(), bound.encode())
        return f"v{self.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, use: Use, sealed: str, *, bound: str) -> str:
        """What was sealed; :class:`Unavailable` when it was altered, moved, or its key is not on the keyring."""
        raw = base64.urlsafe_b64decode(sealed.partition(".")[2])
        key = self._key(version_of(sealed), use)
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound.encode()).decode()
        except InvalidTag:
            raise Unavailable("seal_broken") from None

    def resealed(self, use: Use, sealed: str, *, bound: str) -> str:
        """The same secret under the current key; as it was when that key sealed it already."""
        if version_of(sealed) == self.current:
            return sealed
        return self.encrypt(use, self.decrypt(use, sealed, bound=bound), bound=bound)

    def mac(self, use: Use, data: bytes, *, version: int | None = None) -> str:
        """A keyed digest in hexadecimal (HMAC-SHA-256), under the current version unless told."""
        return hmac.digest(self._key(version or self.current, use), data, "sha256").hex()

    def rotated(self) -> "Keyring":
        """The same keyring with a new current key."""
        newest = max(self.keys) + 1
        return Keyring(newest, {**self.keys, newest: secrets.token_bytes(KEY_BYTES)})


def version_of(sealed: str) -> int:
    """The version of the key that sealed it."""
    return int(sealed.partition(".")[0].removeprefix("v"))


def new_keyring() -> Keyring:
    """A keyring with one random key."""
    return Keyring(1, {1: secrets.token_bytes(KEY_BYTES)})


def load(file: Path) -> Keyring:
    """The keyring in a file; :class:`Unavailable` when it is missing or unreadable."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        keys = {int(v): base64.b64decode(k, validate=True) for v, k in document["keys"].items()}
        keyring = Keyring(int(document["current"]), keys)
    except FileNotFoundError:
        raise Unavailable("keyring_missing", file=str(file)) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable("keyring_unreadable", file=str(file)) from None
    if keyring.current not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise Unavailable("keyring_unreadable", file=str(file))
    return keyring


def save(file: Path, keyring: Keyring) -> None:
    """Write a keyring whole or not at all, for its owner's eyes only; what was there is replaced."""
    _written(file, keyring).replace(file)


def make(file: Path) -> bool:
    """A new keyring in a file that is not there yet; whether it was made (another process may have been first)."""
    fresh = _written(file, new_keyring())
    try:
        os.link(fresh, file)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def rotate(file: Path) -> Keyring:
    """Give the keyring in a file a new current key; processes that do so at once go one after the other."""
    load(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # the file itself is replaced: its folder stays
        keyring = load(file).rotated()
        save(file, keyring)
    finally:
        os.close(folder)
    return keyring


def _written(file: Path, keyring: Keyring) -> Path:
    keys = {str(version): base64.b64encode(key).decode() for version, key in keyring.keys.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"current": keyring.current, "keys": keys}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    return fresh


def weaknesses(file: Path) -> Iterator[Reason]:
    """Why a keyring may not serve real people: missing, unreadable, or open to others."""
    try:
        load(file)
    except Unavailable as error:
        yield Reason(error.code, error.params, "ESCOUADE_KEYRING")
    else:
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Reason("keyring_open_to_others", {"file": str(file)}, "ESCOUADE_KEYRING")
