"""The cleaning of texts that people type, paste or send, the same at every entrance.

Forms, JSON, imports, sign-in, searches and commands all store the same text for what looks the same. Each function is
idempotent. Sources: UAX #15 (NFC), UAX #9 (directional marks), UTS #39 (invisible characters in identifiers).
"""

import re
import unicodedata
from urllib.parse import urlsplit

_SELECTORS = "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Variation selectors: a form of the sign before them."""
_JOINERS = "\u200c-\u200f\u061c"
"""Zero-width joiners and marks of direction."""
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\x1f"
"""Letters and joiners that are never drawn (Hangul, Khmer), and the optional hyphen of word processors."""
_FORMAT = (
    "\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
"""Other format characters (Cf): zero-width spaces, embeddings and overrides, soft hyphens, tags; but not the signs
around Arabic, Syriac and Kaithi numbers, which are drawn."""
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u058a\u05be\u1400"
"""Signs that are taken for a hyphen in a code; U+1400 is the hyphen of the syllabics."""
BLANK = "\u2800"
"""The empty braille cell: a sign without ink."""
LOST = "\ufffd"
"""What stands for a letter that a conversion lost."""
AROUND = 24
"""Characters that are shown on each side of one that is refused."""


class RefusedCharacter(ValueError):
    """A text holds a character that is no text; ``code`` is ``U+0000``, ``around`` the words on both sides of it."""

    def __init__(self, text: str, position: int) -> None:
        self.code = f"U+{ord(text[position]):04X}"
        self.position = position + 1
        before, after = text[:position][-AROUND:], text[position + 1 :][:AROUND]
        self.around = " ".join(_shown(before + "\u25af" + after).split())
        super().__init__(f"{self.code} at {self.position}")


class NoLetter(ValueError):
    """A name has no letter."""


_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_REFUSED = re.compile("[\x00-\x08\x0e-\x1e\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REMOVED_FROM_PROSE = re.compile(f"[{_FORMAT}{_FILLERS}]")
_REMOVED = re.compile(f"[{_FORMAT}{_FILLERS}{_JOINERS}{_SELECTORS}]")


def _shown(text: str) -> str:
    return _REFUSED.sub("\u25af", without_invisible(text))


def clean(text: str) -> str:
    """Return a text in NFC without invisible characters, its line breaks all ``\\n``; empty when nothing is visible.

    Joiners, marks of direction and variation selectors stay: scripts and emojis need them in sentences. Raise
    :class:`RefusedCharacter` for a control character.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _BREAKS.sub("\n", text)
    refused = _REFUSED.search(text)
    if refused is not None:
        raise RefusedCharacter(text, refused.start())
    text = unicodedata.normalize("NFC", _REMOVED_FROM_PROSE.sub("", text)).strip()
    return "" if is_blank(text) else text


def without_invisible(text: str) -> str:
    """Return a text without any invisible character."""
    return _REMOVED.sub("", text)


def is_blank(text: str) -> bool:
    """Return whether nothing of a text is visible."""
    return not without_invisible(text).replace(BLANK, "").strip()


def clean_line(text: str) -> str:
    """Return a text cleaned, on one line."""
    return re.sub(r"[ \t]*[\n\t][\s]*", " ", clean(text))


def clean_name(text: str) -> str:
    """Return a name without any invisible character, its spaces single and ordinary; empty when nothing is visible.

    Raise :class:`RefusedCharacter` also for a letter that a conversion lost, :class:`NoLetter` for a name without one.
    """
    name = " ".join(clean_address(text).replace(BLANK, " ").split())
    if LOST in name:
        raise RefusedCharacter(name, name.index(LOST))
    if name and not any(unicodedata.category(c) in {"Lu", "Ll", "Lt", "Lo"} for c in name):
        raise NoLetter(name)
    return name


def clean_address(text: str) -> str:
    """Return an address without any invisible character."""
    return unicodedata.normalize("NFC", without_invisible(clean(text))).strip()


def clean_code(text: str) -> str:
    """Return a code without any invisible character, its letters and digits ordinary, its hyphens all ``-``."""
    plain = text.translate(dict.fromkeys(map(ord, HYPHENS), "-"))
    return " ".join(unicodedata.normalize("NFKC", clean_address(plain)).split())


def is_https(link: str) -> bool:
    """Return whether a link opens a page of a named host over https, with neither a password nor spaces in it."""
    try:
        address = urlsplit(link)
        is_plain = address.username is None and address.password is None and address.port != 0
    except ValueError:
        return False
    named = address.hostname is not None and "." in address.hostname
    return address.scheme == "https" and named and is_plain and link.isprintable() and " " not in link
