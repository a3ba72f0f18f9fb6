"""Which passwords are accepted (NIST SP 800-63B-4, section 3.1.1.2): long, not known to everyone, not about oneself.

Nothing is asked of their composition and none ends with time. A password is compared whole, never its parts,
with ``blocklist.txt``: without case, accents, spaces and signs, and without the digits before and after.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from app.platform.errors import Reason

MIN_PASSWORD = 15
MIN_WITH_SECOND_FACTOR = 8
MAX_PASSWORD = 200
SHORTEST_PATTERN = 5
"""A text that repeats fewer characters than this is no secret, whatever they are."""
SHORTEST_NAME = 3
"""Shorter parts of names and addresses say nothing about anyone."""

BLOCKLIST = Path(__file__).with_name("blocklist.txt")
SERVICE = "escouade"
DATE = re.compile(r"(?:19|20)[0-9]{6}|[0-9]{4}(?:19|20)[0-9]{2}")
"""Someone's birthday, in eight digits."""
ROWS = (
    "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "azertyuiop", "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)  # fmt: skip
"""What fingers walk along, forwards and back, and around again."""


@cache
def blocklist() -> frozenset[str]:
    """Folded passwords that everyone tries first."""
    lines = BLOCKLIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def password_reasons(
    password: str, *, email: str = "", about: Iterable[str] = (), second_factor: bool = False
) -> list[Reason]:
    """Why a password is not accepted; ``about`` are names of the person and of their college.

    Characters are counted after NFC; fewer are enough where the account has a second factor.
    """
    length = len(unicodedata.normalize("NFC", password))
    minimum = MIN_WITH_SECOND_FACTOR if second_factor else MIN_PASSWORD
    if length < minimum:
        return [Reason("password_short", {"minimum": minimum}, "password")]
    if length > MAX_PASSWORD:
        return [Reason("password_long", {"maximum": MAX_PASSWORD}, "password")]
    folded = unicodedata.normalize("NFKC", password).casefold()
    if email and folded == unicodedata.normalize("NFKC", email).casefold():
        return [Reason("password_is_email", field="password")]
    if _is_about(key_of(folded), (email, SERVICE, *about)):
        return [Reason("password_about_you", field="password")]
    if _is_pattern(folded) or any(known in blocklist() for known in _spellings(folded)):
        return [Reason("password_common", field="password")]
    return []


def key_of(text: str) -> str:
    """Letters and digits only, without case nor accents: as the blocklist is written."""
    plain = unicodedata.normalize("NFKD", text).casefold()  # in this order: letters of mathematics have a case after
    opened = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in opened if c.isalnum())


def _spellings(folded: str) -> Iterator[str]:
    key = key_of(folded)
    unit = key[: _period(key)]
    for spelt in (folded, key, unit):
        yield spelt
        yield spelt.strip("0123456789")


def _period(text: str) -> int:
    """Length of the beginning that, repeated at least twice and cut, makes the text; else the whole length."""
    for period in range(1, len(text) // 2 + 1):
        if text.startswith(text[period:]):
            return period
    return len(text)


def _is_pattern(folded: str) -> bool:
    if _period(folded) < SHORTEST_PATTERN or DATE.fullmatch(folded):
        return True
    walks = (way * (MAX_PASSWORD // len(row) + 2) for row in ROWS for way in (row, row[::-1]))
    return any(folded in walk for walk in walks)


def _is_about(key: str, about: Iterable[str]) -> bool:
    """Whether nothing is left of it but digits, without the words of these names."""
    words = {word for text in about for word in _words(text) if len(word) >= SHORTEST_NAME}
    rest = key
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != key and not rest.replace(" ", "").strip("0123456789")


def _words(text: str) -> Iterator[str]:
    yield key_of(text)
    yield key_of(text.partition("@")[0])
    for part in "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFC", text)).split():
        yield key_of(part)


def normal_email(text: str) -> str:
    """As stored and compared: trimmed, NFC, lower case."""
    return unicodedata.normalize("NFC", text.strip()).lower()
