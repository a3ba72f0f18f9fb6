"""What a certificate may say, how it is numbered, and what forbids issuing it.

Pure: no session, no clock. Sources: BR-07 (continuing-education units), BR-19 (issuing), BR-21 (codes),
BR-22 (competencies).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

from app.certificates.schemas import ALPHABET, SHORT, CertificateRecord, PrintedCompetency
from app.curricula.schemas import Curriculum, Framework
from app.network.enums import CertificateKind
from app.platform.errors import Reason

Size: TypeAlias = Literal["display", "large", "medium", "small", "tiny"]
SIZES: tuple[Size, ...] = ("display", "large", "medium", "small", "tiny")
"""Classes of size in a design's style sheet, largest first."""

Density: TypeAlias = Literal["airy", "normal", "dense"]

NAME_LIMITS = (26, 36, 52, 76)
TITLE_LIMITS = (48, 72, 110, 150)
PROSE_LIMITS = (220, 400, 640, 900)
PLACE_LIMITS = (40, 70, 100, 140)
LINE_LIMITS = (60, 90, 120, 160)
COMPETENCY_LIMITS = (40, 52, 75, 90)
"""Longest text, in characters, of each size but the last; a competency's title above the second takes two lines."""

ONE_COLUMN = 6
"""Most competencies in a table of one column."""


def short_digest(typed: str) -> bytes | None:
    """The five bytes behind a short code as someone heard it: case, hyphens, O for 0, I and L for 1; else ``None``."""
    tidy = re.sub(r"[\s-]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    if len(tidy) != SHORT or any(letter not in ALPHABET for letter in tidy):
        return None
    number = 0
    for letter in tidy:
        number = number << 5 | ALPHABET.index(letter)
    return number.to_bytes(5)


def period(starts_on: date, ends_on: date, joined_on: date | None, issued: date) -> tuple[date, date]:
    """From when to when the person took part: since joining, at the latest until the day of issue."""
    first = max(starts_on, joined_on or starts_on)
    return first, max(first, min(ends_on, issued))


# What is printed ---------------------------------------------------------------------------------


def ceu(recognised_minutes: int, *, accredited: bool) -> str | None:
    """Continuing-education units: recognised hours ÷ 10, cut to one decimal, ``"6.0"`` (BR-07).

    ``None`` when the college is not accredited to grant them.
    """
    tenths = recognised_minutes // 60
    return f"{tenths // 10}.{tenths % 10}" if accredited else None


def printed_competencies(
    kind: CertificateKind, curriculum: Curriculum, framework: Framework, levels: Mapping[str, int | None]
) -> tuple[PrintedCompetency, ...]:
    """The competencies that the kind asks for and the level reached, in the framework's order.

    None on a participation, which attests no level (BR-22). Texts are the French ones.
    """
    rule = curriculum.rule(kind)
    asked = rule.thresholds if rule is not None else {}
    names = {step.level: step.fr for step in framework.scale}
    return tuple(
        PrintedCompetency(code=c.code, title=printable(c.title.fr), level=level, level_title=names[level])
        for c in framework.competencies
        if c.code in asked and (level := levels.get(c.code)) is not None
    )


def printable(text: str) -> str:
    """A text as fonts have it: composed accents, and the no-break space and hyphen that every font knows."""
    return unicodedata.normalize("NFC", text).replace("\u202f", "\u00a0").replace("\u2011", "-")


def typographic(text: str) -> str:
    """A French text as it is printed: curved apostrophes, no-break spaces before double punctuation."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", re.sub(r"(?<=\w)'(?=\w)", "\u2019", text))


def density(record: CertificateRecord) -> Density:
    """How much room there is around the texts: a table takes it, and long texts with it take it all."""
    if not record.competencies:
        return "airy"
    texts = (
        (record.holder, NAME_LIMITS), (record.path_title, TITLE_LIMITS), (record.college_name, TITLE_LIMITS),
        (record.object, PROSE_LIMITS), *((c.title, COMPETENCY_LIMITS) for c in record.competencies),
    )  # fmt: skip
    crowded = sum(SIZES.index(size(text, limits)) >= SIZES.index("small") for text, limits in texts)
    return "dense" if crowded > 1 else "normal"


def size(text: str, limits: Sequence[int]) -> Size:
    """The class of size that keeps a text within its place, by its length."""
    return SIZES[sum(len(text) > limit for limit in limits)]


def columns(lines: Sequence[PrintedCompetency]) -> list[Sequence[PrintedCompetency]]:
    """The table in one column, or from seven lines on in two of about the same height, the left one not shorter."""
    if len(lines) <= ONE_COLUMN:
        return [lines] if lines else []
    heights = [1 + (len(line.title) > COMPETENCY_LIMITS[1]) for line in lines]
    cut = next(i for i in range(1, len(lines)) if sum(heights[:i]) >= sum(heights[i:]))
    return [lines[:cut], lines[cut:]]


def undrawable(characters: Iterable[str]) -> list[Reason]:
    """A refusal naming the characters that the design's fonts lack, or nothing."""
    shown = " ".join(sorted(characters))
    return [Reason("certificate_glyphs", {"characters": shown})] if shown else []
