"""What a certificate may say, how it is numbered, and what forbids issuing it.

Pure: no session, no clock. Sources: BR-07 (continuing-education units), BR-19 (issuing), BR-21 (codes),
BR-22 (competencies).
"""

import re
from datetime import date, datetime

from app.platform.messages.i18n import QUEBEC, local

CODE = re.compile(r"[0-9a-f]{32}")
"""128 bits in hexadecimal, as ``secrets.token_hex(16)`` gives them."""


# Numbers, codes, dates ---------------------------------------------------------------------------


def number_of(prefix: str, year: int, sequence: int) -> str:
    """``ALM-2026-0001``: the college's prefix, the year of issue, the rank in it."""
    return f"{prefix}-{year}-{sequence:04d}"


def issued_on(moment: datetime) -> date:
    """The day of issue, which also gives the number its year: Quebec's, whatever the server's clock zone."""
    return local(moment, QUEBEC).date()


def tidy_code(typed: str) -> str | None:
    """The code behind what someone typed, scanned or pasted (spaces, hyphens, a whole address); else ``None``."""
    last = typed.strip().rstrip("/").rsplit("/", 1)[-1]
    code = re.sub(r"[\s-]", "", last).lower()
    return code if CODE.fullmatch(code) else None


def in_groups(code: str) -> str:
    """A code as it is read aloud: groups of four."""
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))
