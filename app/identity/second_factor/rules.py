"""Pure rules of the second factor and of recovery codes."""

import hmac
from datetime import datetime, timedelta

import pyotp

from app.platform.text import clean_code

STEP_SECONDS = 30
WINDOW_STEPS = 1
"""Steps by which a phone's clock may be ahead or behind (RFC 6238, section 5.2)."""
CODE_DIGITS = 6
PROPOSAL_LIFETIME = timedelta(minutes=30)
"""Longest time between a proposed second factor and its first code."""

RECOVERY_CODES = 10
RECOVERY_LENGTH = 16
RECOVERY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's 32 characters: 16 of them hold 80 bits, so that a digest without salt is safe to store."""
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None})


def step_of(at: datetime) -> int:
    """Return the step of 30 seconds that a time is in (RFC 6238: T0 is 1970, X is 30)."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, at: datetime, *, last_used: int | None = None) -> int | None:
    """Return the step whose code this is, one step early or late at most, or ``None``.

    A step up to ``last_used`` never matches.
    """
    totp = pyotp.TOTP(secret)
    middle = step_of(at)
    matching = None
    for step in range(middle - WINDOW_STEPS, middle + WINDOW_STEPS + 1):
        same = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if same and (last_used is None or step > last_used):
            matching = step
    return matching


def is_time_code(typed: str) -> bool:
    """Return whether the input has the form of a time-based code, not of a recovery code."""
    return len(typed) == CODE_DIGITS and typed.isascii() and typed.isdigit()


def normal_code(typed: str) -> str:
    """Return a code as compared: no case, spaces or hyphens; letters that look like digits become digits."""
    return clean_code(typed).lower().translate(_READ_AS)


def shown_code(code: str) -> str:
    """Return a code in groups of four: ``abcd-efgh-jkmn-pqrs``."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def shown_secret(secret: str) -> str:
    """Return a secret to type into an application, in groups of four."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
