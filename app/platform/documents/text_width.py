"""The width of a text in a design's fonts, measured without laying it out.

Widths are sums of the fonts' own advances, without kerning, which nearly always brings letters closer: what fits here
fits on the page. A character that several fonts of a face have counts for the widest.
"""

import re
from functools import cache
from pathlib import Path

from app.platform.documents.document_process import in_document_process
from app.platform.documents.pdf import NAMES_FONT, fonts_of, in_names_font

UNKNOWN = 1.1
"""Width, in ems, of a character that no font has: it is refused elsewhere, by name."""

BREAKS = re.compile(r"(?<=[-\u2010\u2013\u2014])|[ \t\n]+")
"""Where a line may end: at a space, after a hyphen or a dash; not at a no-break space."""


def width(design: Path, face: str, text: str) -> float:
    """Return the width of a text in ems; ``face`` names its fonts, without their script: ``source-sans-3-600``."""
    advances = _advances(fonts_of(design), face, in_names_font(design, text))
    return sum(advances.get(character, UNKNOWN) for character in text)


def widest_word(design: Path, face: str, text: str) -> float:
    """Return the width in ems of the widest part of a text that no line break may divide."""
    return max((width(design, face, word) for word in BREAKS.split(text)), default=0.0)


@cache
def _advances(fonts: Path, face: str, in_names: bool) -> dict[str, float]:
    return in_document_process(_read_advances, fonts, face, in_names)


def _read_advances(fonts: Path, face: str, in_names: bool) -> dict[str, float]:
    """Return the advance of each character in ems, the widest of the fonts of a face and of its fallbacks.

    ``in_names`` counts the font for names too: it draws whole texts, and no part of any other.
    """
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only where documents are made

    family, weight = face.rsplit("-", 1)
    names = set((fonts / "fallback").glob(NAMES_FONT))
    fallback = [f for f in (fonts / "fallback").glob(f"*-{weight}-*.woff2") if in_names or f not in names]
    files = [*fonts.glob(f"{family}-*-{weight}-*.woff2"), *fallback]
    if not files:
        raise FileNotFoundError(f"no font of {face} in {fonts}")
    widest: dict[str, float] = {}
    for file in files:
        with TTFont(file) as font:
            metrics, em = font["hmtx"], font["head"].unitsPerEm
            for code, glyph in font.getBestCmap().items():
                character = chr(code)
                widest[character] = max(widest.get(character, 0), metrics[glyph][0] / em)
    return widest
