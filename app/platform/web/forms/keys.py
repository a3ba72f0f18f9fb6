"""One-time keys of forms: made, recognised, and how long they may be used.

Pure but for the clock. A key is nobody's secret: what it protects is stored for the person who sent the form.
"""

import re
import secrets

from app.platform.clock import now

PATTERN = re.compile(r"[0-9a-f]{8}\.[\w-]{16}")
LIFETIME = 23 * 3600
"""Seconds in which a key may be used: answers are stored a little longer (``idempotency.RETENTION_HOURS``)."""


def new_key() -> str:
    """Return a key: the moment, then a random text."""
    return f"{int(now().timestamp()):08x}.{secrets.token_urlsafe(12)}"


def is_key(key: str | None) -> bool:
    """Return whether a text has the form of a key."""
    return key is not None and PATTERN.fullmatch(key) is not None


def is_expired(key: str) -> bool:
    """Return whether a key may no longer be used."""
    return not 0 <= now().timestamp() - int(key[:8], 16) <= LIFETIME
