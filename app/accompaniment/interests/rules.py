"""Terms, for which interests are declared. Pure. Sources: BR-13, S6."""

from datetime import date

SUMMER, AUTUMN_MONTH, AUTUMN_DAY = 6, 8, 15


def term_of(day: date) -> str:
    """Return the term of a day, as colleges name it: ``H2026`` to May, ``E2026`` to 14 August, then ``A2026``."""
    if day.month < SUMMER:
        return f"H{day.year}"
    return f"E{day.year}" if (day.month, day.day) < (AUTUMN_MONTH, AUTUMN_DAY) else f"A{day.year}"
