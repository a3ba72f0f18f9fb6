"""Pure rules about sign-ins: whether one is still valid, and the browser of a device."""

from collections.abc import Iterable
from datetime import datetime, timedelta

LAST_USE_INTERVAL = timedelta(minutes=5)
"""Shortest interval between two writes of a sign-in's last use."""


def is_open(
    now: datetime,
    *,
    seen_at: datetime,
    expires_at: datetime,
    ended_at: datetime | None,
    suspended_at: datetime | None,
    idle: timedelta,
) -> bool:
    """Return whether a sign-in is valid: not ended, not expired, used lately, its account not suspended."""
    return ended_at is None and suspended_at is None and now < expires_at and now - seen_at < idle


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
           ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux"))  # fmt: skip
"""``(token of User-Agent, common name)``, the most specific first."""


def browser_of(user_agent: str) -> tuple[str, str]:
    """Return the browser and the system that a ``User-Agent`` names, each empty when unknown."""
    return _first_in(user_agent, BROWSERS), _first_in(user_agent, SYSTEMS)


def _first_in(text: str, names: Iterable[tuple[str, str]]) -> str:
    return next((name for token, name in names if token in text), "")
