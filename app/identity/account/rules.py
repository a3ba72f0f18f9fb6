"""Which passwords are accepted (NIST SP 800-63B-4, section 3.1.1.2): long, not common, not made of the person's names.

There are no composition rules and no expiry. A password is compared whole, never in parts, with ``blocklist.txt``:
without case, accents, spaces and punctuation, and without leading and trailing digits.
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
"""Fewest distinct characters in the repeated part of a password."""
SHORTEST_NAME = 3
"""Shorter parts of names and addresses are ignored: they are in too many words."""

BLOCKLIST = Path(__file__).with_name("blocklist.txt")
SERVICE_NAME = "escouade"
BIRTHDAY = re.compile(r"(?:19|20)[0-9]{6}|[0-9]{4}(?:19|20)[0-9]{2}")
"""A date in eight digits, such as a birthday."""
KEYBOARD_ROWS = (
    "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "azertyuiop", "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)  # fmt: skip
"""Rows of a keyboard and the alphabet, typed forwards or backwards, and again from the start."""


@cache
def blocklist() -> frozenset[str]:
    """Return the common passwords, in the form that :func:`blocklist_key` returns."""
    lines = BLOCKLIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def password_reasons(
    password: str, *, email: str = "", about: Iterable[str] = (), second_factor: bool = False
) -> list[Reason]:
    """Return why a password is refused, or nothing; ``about`` are names of the person and of their college.

    Characters are counted after NFC; fewer are enough when the account has a second factor.
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
    if _consists_of_names(blocklist_key(folded), (email, SERVICE_NAME, *about)):
        return [Reason("password_about_you", field="password")]
    if _is_pattern(folded) or any(spelling in blocklist() for spelling in _spellings(folded)):
        return [Reason("password_common", field="password")]
    return []


def blocklist_key(text: str) -> str:
    """Return the letters and digits alone, without case or accents, as the blocklist is written."""
    plain = unicodedata.normalize("NFKD", text).casefold()  # mathematical letters have a case once decomposed
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in decomposed if c.isalnum())


def _spellings(folded: str) -> Iterator[str]:
    """Yield the forms of a password that are looked up in the blocklist."""
    key = blocklist_key(folded)
    repeated = key[: _period(key)]
    for spelling in (folded, key, repeated):
        yield spelling
        yield spelling.strip("0123456789")


def _period(text: str) -> int:
    """Return the length of the prefix that, repeated at least twice and cut, makes the text; else the whole length."""
    for period in range(1, len(text) // 2 + 1):
        if text.startswith(text[period:]):
            return period
    return len(text)


def _is_pattern(folded: str) -> bool:
    """Return whether the password is a short repetition, a date or a run along the keyboard or the alphabet."""
    if _period(folded) < SHORTEST_PATTERN or BIRTHDAY.fullmatch(folded):
        return True
    runs = (run for row in KEYBOARD_ROWS for run in (row, row[::-1]))
    return any(folded in run * (MAX_PASSWORD // len(run) + 2) for run in runs)


def _consists_of_names(key: str, about: Iterable[str]) -> bool:
    """Return whether only digits are left once the words of these names are removed."""
    words = {word for text in about for word in _name_words(text) if len(word) >= SHORTEST_NAME}
    rest = key
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != key and not rest.replace(" ", "").strip("0123456789")


def _name_words(text: str) -> Iterator[str]:
    """Yield the words of a name or an e-mail address, as blocklist keys."""
    yield blocklist_key(text)
    yield blocklist_key(text.partition("@")[0])
    for part in "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFC", text)).split():
        yield blocklist_key(part)
