"""Pure rules of the second factor, of recovery codes and of what a browser says it is."""

import hmac
from datetime import datetime, timedelta

import pyotp

STEP_SECONDS = 30
WINDOW_STEPS = 1
"""How many steps a phone's clock may be ahead or behind (RFC 6238, section 5.2)."""
CODE_DIGITS = 6
PROPOSAL_LASTS = timedelta(minutes=30)
"""How long a proposed second factor may wait for its first code."""

RECOVERY_CODES = 10
RECOVERY_LENGTH = 16
RECOVERY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's 32 signs: 16 of them hold 80 bits, so that a digest without salt keeps them."""
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None, "\u00a0": None})


def step_of(at: datetime) -> int:
    """The step of 30 seconds that a moment is in (RFC 6238: T0 is 1970, X is 30)."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, at: datetime, *, taken: int | None = None) -> int | None:
    """The step whose code this is, one step early or late at most; never one ``taken`` already, nor before it."""
    totp = pyotp.TOTP(secret)
    middle = step_of(at)
    found = None
    for step in range(middle - WINDOW_STEPS, middle + WINDOW_STEPS + 1):
        same = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if same and (taken is None or step > taken):
            found = step
    return found


def is_time_code(typed: str) -> bool:
    """Whether what someone typed is the code of a second factor, not one to write down."""
    return len(typed) == CODE_DIGITS and typed.isascii() and typed.isdigit()


def normal_code(typed: str) -> str:
    """A code as compared: no case, spaces nor hyphens; letters that look like digits are those digits."""
    return typed.lower().translate(_READ_AS)


def shown_code(code: str) -> str:
    """A code as people read it: ``abcd-efgh-jkmn-pqrs``, in groups of four."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def shown_secret(secret: str) -> str:
    """A secret to type into an application, in groups of four."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
