"""Numbers, dates of issue and verification codes of certificates.

Pure: no session, no clock. Sources: BR-19 (numbers), BR-21 (codes).
"""

from datetime import date, datetime

from app.platform.messages.i18n import local


def format_number(prefix: str, year: int, sequence: int) -> str:
    """Return ``ALM-2026-0001``: the college's prefix, the year of issue, the sequence number in that year."""
    return f"{prefix}-{year}-{sequence:04d}"


def issue_date(moment: datetime, zone: str) -> date:
    """Return the day of issue of a moment, in the cohort's time zone (BR-30); the number takes its year from it."""
    return local(moment, zone).date()


def group_code(code: str) -> str:
    """Return a code in groups of four characters, to be read aloud."""
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))
