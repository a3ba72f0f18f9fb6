"""The codes of a certificate, read as people type, paste or scan them.

Case, spaces and hyphens of every kind do not count, O is read as 0, I, l and | as 1, wherever the code stands in what
was pasted: an address, a sentence. Pure: no session, no clock. Sources: BR-21, S10.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import unquote

from app.certificates.schemas import SHORT_CODE_ALPHABET, SHORT_CODE_LENGTH
from app.platform.errors import Reason
from app.platform.text import without_invisible

CODE_LENGTH = 32
"""128 bits in hexadecimal, as ``secrets.token_hex(16)`` makes them."""
LONGEST = 2000
"""Characters of a pasted text that are read."""
MOST = 8
"""Codes that are looked up in one text: a word beside a code may look like a part of it."""

SHORT_CODE_GROUPS = 2
"""Words that a short code is printed in."""

_AS_DIGITS = str.maketrans("oil", "011")
_AS_LETTERS = str.maketrans("01", "OI")
_HEX = re.compile("[0-9a-foil]+")
_SHORT = re.compile("[0-9a-hj-np-tv-zoil]+")
_NUMBER = re.compile(r"(?<![0-9a-z])([a-z01]{3,6})[\W_]{0,3}([2][0o][0-9oil]{2})[\W_]{0,3}([0-9oil]{4,6})(?![0-9a-z])")


@dataclass(frozen=True, slots=True)
class TypedCode:
    """What a text holds: whole codes, the likeliest first; a number; digests of short codes.

    ``characters`` is how many characters the longest part that looks like a code has.
    """

    codes: tuple[str, ...] = ()
    number: str | None = None
    short_digests: tuple[bytes, ...] = ()
    characters: int = 0


def read_code(typed: str) -> TypedCode:
    """Return what a text holds of the codes that are printed on a certificate."""
    plain = unicodedata.normalize("NFKC", without_invisible(unquote(typed[:LONGEST]))).lower().replace("|", "1")
    words = re.findall("[^\\W_]+", plain)
    # A code that is written as it is printed comes before one that needs a letter read as a digit.
    codes = sorted(_joined(words, _HEX, CODE_LENGTH), key=lambda code: bool(set(code) & set("oil")))
    number = _NUMBER.search(plain)
    others = re.findall("[^\\W_]+", plain.replace(number.group(), " ")) if number else words
    short_codes = _joined(others, _SHORT, SHORT_CODE_LENGTH)
    if number is None and len(words) > SHORT_CODE_GROUPS:  # a sentence: ordinary words may have eight letters
        short_codes = (code for code in short_codes if any(c.isdecimal() for c in code))
    return TypedCode(
        codes=tuple(dict.fromkeys(code.translate(_AS_DIGITS) for code in codes))[:MOST],
        number=_number(*number.groups()) if number else None,
        short_digests=tuple(dict.fromkeys(map(_digest, short_codes)))[:MOST],
        characters=_longest(words),
    )


def _joined(words: Sequence[str], alphabet: re.Pattern[str], length: int) -> Iterator[str]:
    """Yield what whole words that follow each other make, where all are of an alphabet and the length is exact."""
    for start in range(len(words)):
        joined = ""
        for word in words[start:]:
            if not alphabet.fullmatch(word) or len(joined) + len(word) > length:
                break
            joined += word
            if len(joined) == length:
                yield joined


def _longest(words: Sequence[str]) -> int:
    """Return the length of the longest run of words that look like parts of a code."""
    runs = accumulate(words, lambda run, word: run + len(word) if _HEX.fullmatch(word) else 0, initial=0)
    return max(runs)


def _number(prefix: str, year: str, sequence: str) -> str:
    return f"{prefix.upper().translate(_AS_LETTERS)}-{year.translate(_AS_DIGITS)}-{sequence.translate(_AS_DIGITS)}"


def _digest(short: str) -> bytes:
    """Return the five bytes of a short code."""
    number = 0
    for letter in short.translate(_AS_DIGITS).upper():
        number = number << 5 | SHORT_CODE_ALPHABET.index(letter)
    return number.to_bytes(5)


def unreadable(read: TypedCode) -> Reason | None:
    """Return why a text proves nothing whatever is in the register: no attempt is counted for it."""
    if read.codes or (read.number and read.short_digests):
        return None
    if read.number:
        return Reason("certificate_number_alone", {"number": read.number}, "code")
    if read.short_digests:
        return Reason("certificate_short_code_alone", {}, "code")
    if read.characters >= SHORT_CODE_LENGTH:
        return Reason("certificate_mistyped", {"read": read.characters, "needed": CODE_LENGTH}, "code")
    return Reason("certificate_no_code", {"needed": CODE_LENGTH}, "code")
