"""The key by which a name or a title is found and sorted, and the words of a search in the same form.

Computed here, so that PostgreSQL needs no extension. A row answers a search when its key contains each of the words,
in any order; both sides lose case, accents, apostrophes and invisible characters.
"""

import re
import unicodedata

from app.platform.text import without_invisible

_TYPED_AS = {
    "l": "łƚɫɬⱡŀƛ", "o": "øɵɔ", "d": "đðɖɗ", "th": "þ", "h": "ħɦ", "i": "ıɨ", "t": "ŧⱦʈ", "ae": "æ", "oe": "œ",
    "n": "ŋɲ", "k": "ĸƙ", "ou": "ȣ", "u": "ʉ", "b": "ɓƀ", "f": "ƒ", "g": "ǥɠ", "y": "ƴɏ", "a": "ⱥ", "c": "ȼ",
    "e": "əǝɛɇ", "j": "ɉ", "r": "ɍ", "z": "ƶ",
}  # fmt: skip
LETTERS = str.maketrans({letter: typed for typed, letters in _TYPED_AS.items() for letter in letters})
"""Letters that Unicode does not decompose, as people without their keyboard type them; Ȣ is the Wendat « ou »."""

_APOSTROPHES = "'`\u00b4\u02b9\u02bb-\u02bf\u02c8\u02ca\u02cb\u02d0\u2018-\u201b\u2032\u055a\u05f3\u07f4\uff07"
_GLOTTAL_STOPS = "\u02c0\u02c1\u0241\u0242\u0294\u0295\ua78b\ua78c"
_MARKS_INSIDE = ":\ua789\u00b7"
"""The colon of Kanien'kéha, typed or printed, and the middle dot."""
DROPPED = re.compile(f"[{_APOSTROPHES}{_GLOTTAL_STOPS}{_MARKS_INSIDE}]")
"""What stands inside a word: O'Neil and Oneil are one."""

ABBREVIATED = {"saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes"}
WRITTEN_OUT = {short: long for long, short in ABBREVIATED.items()}


def search_words(text: str) -> list[str]:
    """Return the words of a text without accents, case or apostrophes; a hyphen separates words."""
    joined = DROPPED.sub("", without_invisible(text))  # before decomposing: the acute accent alone becomes a space
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", joined).casefold())
    bare = DROPPED.sub("", "".join(c for c in decomposed if not unicodedata.combining(c))).translate(LETTERS)
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in bare).split()


def search_key(text: str) -> str:
    """Return the search and sort key of a text: its words, then the other ways in which people write them.

    ``St-Pierre`` gives ``saint pierre  st pierre  saintpierre  stpierre``: Saint and St are one word, and words that
    are joined or apart are the same. Two spaces sort before any word, so that the key sorts as its words do.
    """
    words = search_words(text)
    forms = [[WRITTEN_OUT.get(word, word) for word in words], [ABBREVIATED.get(word, word) for word in words]]
    return "  ".join(dict.fromkeys([*map(" ".join, forms), *map("".join, forms)]))
