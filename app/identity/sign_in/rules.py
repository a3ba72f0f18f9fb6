"""Pure rules about people: addresses, names, when a sign-in ends."""

from collections.abc import Iterable
from datetime import datetime, timedelta

SEEN_EVERY = timedelta(minutes=5)
"""A sign-in's last use is written at most this often."""


def is_open(
    now: datetime,
    *,
    seen_at: datetime,
    expires_at: datetime,
    ended_at: datetime | None,
    suspended_at: datetime | None,
    idle: timedelta,
) -> bool:
    """Whether a sign-in is still good: not ended, not expired, used lately, its account not suspended."""
    return ended_at is None and suspended_at is None and now < expires_at and now - seen_at < idle


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
           ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux"))  # fmt: skip
"""What stands in ``User-Agent`` and the name people know, the most telling first."""


def browser_of(user_agent: str) -> tuple[str, str]:
    """The browser and the system that a ``User-Agent`` names, each empty when it says nothing known."""
    return _first_in(user_agent, BROWSERS), _first_in(user_agent, SYSTEMS)


def _first_in(text: str, names: Iterable[tuple[str, str]]) -> str:
    return next((name for sign, name in names if sign in text), "")
