"""The keyring: versioned keys outside the database, for encryption and message authentication.

It is one file of random 256-bit keys by version, readable by its owner only and backed up apart from the database.
New secrets use the current version; older versions still decrypt what they encrypted, until ``escouade keys reseal``
has encrypted it again. Each purpose has a derived key of its own (HKDF-SHA-256): a secret encrypted for one purpose
cannot be decrypted for another.
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


class KeyPurpose(StrEnum):
    """The purpose of a derived key; the value is part of the derivation and never changes."""

    TOTP = "totp"
    OIDC = "oidc"
    THROTTLE = "throttle"
    AUDIT = "audit"
    ANSWER = "answer"
    BADGE = "badge"
    CHECK_IN = "check_in"
    CLAIMS = "claims"
    BACKUP = "backup"
    CODEV = "codev"
    INTEREST = "interest"


@dataclass(frozen=True)
class Keyring:
    """Keys by version; ``current`` is the version that encrypts."""

    current: int
    keys: Mapping[int, bytes]

    @cached_property
    def _derived(self) -> dict[tuple[int, KeyPurpose], bytes]:
        return {}

    def _key(self, version: int, use: KeyPurpose) -> bytes:
        key = self._derived.get((version, use))
        if key is None:
            if version not in self.keys:
                raise Unavailable("key_missing", version=version)
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"escouade {use}".encode())
            key = self._derived[version, use] = derive.derive(self.keys[version])
        return key

    def encrypt(self, use: KeyPurpose, plain: str, *, bound: str) -> str:
        """Return ``plain`` encrypted under the current key (AES-256-GCM), with ``bound`` as associated data."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        ciphertext = AESGCM(self._key(self.current, use)).encrypt(nonce, plain.encode(), bound.encode())
        return f"v{self.current}.{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"

    def decrypt(self, use: KeyPurpose, encrypted: str, *, bound: str) -> str:
        """Return the plain text; raise :class:`Unavailable` when altered, bound elsewhere, or without its key."""
        raw = base64.urlsafe_b64decode(encrypted.partition(".")[2])
        key = self._key(version_of(encrypted), use)
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound.encode()).decode()
        except InvalidTag:
            raise Unavailable("seal_broken") from None

    def reencrypt(self, use: KeyPurpose, encrypted: str, *, bound: str) -> str:
        """Return the same secret under the current key; unchanged when it is under that key already."""
        if version_of(encrypted) == self.current:
            return encrypted
        return self.encrypt(use, self.decrypt(use, encrypted, bound=bound), bound=bound)

    def mac(self, use: KeyPurpose, data: bytes, *, version: int | None = None) -> str:
        """Return a MAC in hexadecimal (HMAC-SHA-256), under the current version by default."""
        return hmac.digest(self._key(version or self.current, use), data, "sha256").hex()

    def derived(self, use: KeyPurpose, *, version: int | None = None) -> bytes:
        """Return the key of a purpose, for what is verified elsewhere; under the current version by default."""
        return self._key(version or self.current, use)

    def rotated(self) -> "Keyring":
        """Return the same keyring with a new current key."""
        newest = max(self.keys) + 1
        return Keyring(newest, {**self.keys, newest: secrets.token_bytes(KEY_BYTES)})


def version_of(encrypted: str) -> int:
    """Return the version of the key that encrypted a secret."""
    return int(encrypted.partition(".")[0].removeprefix("v"))


def new_keyring() -> Keyring:
    """Return a keyring with one random key."""
    return Keyring(1, {1: secrets.token_bytes(KEY_BYTES)})


def load(file: Path) -> Keyring:
    """Return the keyring of a file; raise :class:`Unavailable` when it is missing or unreadable."""
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
    """Write a keyring atomically, readable by its owner only; an existing file is replaced."""
    _write_temporary(file, keyring).replace(file)


def create(file: Path) -> bool:
    """Create a keyring file; return whether it was created: an existing one is never replaced."""
    temporary = _write_temporary(file, new_keyring())
    try:
        os.link(temporary, file)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def rotate(file: Path) -> Keyring:
    """Add a new current key to the keyring of a file, under a lock, and return the keyring."""
    load(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # the folder is locked, as the file itself is replaced
        keyring = load(file).rotated()
        save(file, keyring)
    finally:
        os.close(folder)
    return keyring


def _write_temporary(file: Path, keyring: Keyring) -> Path:
    """Write a keyring to a temporary file beside its own, mode 0600, and return its path."""
    keys = {str(version): base64.b64encode(key).decode() for version, key in keyring.keys.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"current": keyring.current, "keys": keys}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    return temporary


def weaknesses(file: Path) -> Iterator[Reason]:
    """Yield why a keyring is unsafe in production: missing, unreadable, or accessible to other accounts."""
    try:
        load(file)
    except Unavailable as error:
        yield Reason(error.code, error.params, "ESCOUADE_KEYRING")
    else:
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Reason("keyring_open_to_others", {"file": str(file)}, "ESCOUADE_KEYRING")
