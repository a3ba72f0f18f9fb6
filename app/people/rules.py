"""Pure rules about people: addresses, names, when a sign-in ends."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.access import Role

SEEN_EVERY = timedelta(minutes=5)
"""A sign-in's last use is written at most this often."""


def normal_email(text: str) -> str:
    """As stored and compared: trimmed, NFC, lower case."""
    return unicodedata.normalize("NFC", text.strip()).lower()


def normal_name(text: str) -> str:
    """NFC, single spaces: ``Zoé`` is one person however it was typed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


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


def roles_given_by(roles: Iterable[Role]) -> frozenset[Role]:
    """College roles that holders of some roles may give: nobody gives one above their own."""
    team = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR})
    held = set(roles)
    if Role.ADMIN in held:
        return team | {Role.REGISTRAR}
    return team if Role.REGISTRAR in held else frozenset()
