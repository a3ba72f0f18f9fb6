"""The encryption of a group's texts: AES-256-GCM under the group's own key, bound to the group, the kind and the row.

No session and no keyring here: a key, a text and what it is bound to.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.codev.confidences.enums import ConfidenceKind
from app.platform.errors import Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12


def new_key() -> bytes:
    """Return a random key."""
    return secrets.token_bytes(KEY_BYTES)


def binding(group_id: int, kind: ConfidenceKind, confidence_id: int) -> bytes:
    """Return what a text is bound to: as a row of another group, another kind or another id, it does not decrypt."""
    return f"codev confidence {group_id} {kind.value} {confidence_id}".encode()


def encrypt(key: bytes, plain: str, *, bound: bytes) -> str:
    """Return a text encrypted under a key, with a nonce of its own."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, plain.encode(), bound)).decode()


def decrypt(key: bytes, encrypted: str, *, bound: bytes) -> str:
    """Return the plain text; raise ``Unavailable`` when it was altered, or belongs to another row or group."""
    try:
        raw = base64.urlsafe_b64decode(encrypted)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound).decode()
    except (InvalidTag, ValueError):
        raise Unavailable("seal_broken") from None
