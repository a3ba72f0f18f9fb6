"""The printed content of a certificate: texts, units, competencies, and the layout that fits them on one page.

Pure: no session, no clock. Sources: BR-07 (continuing-education units), BR-22 (competencies), S10 (short codes).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

from app.certificates.schemas import CertificateRecord, PrintedCompetency
from app.curricula.schemas import Curriculum, Framework
from app.network.enums import CertificateKind
from app.platform.errors import Reason

Size: TypeAlias = Literal["display", "large", "medium", "small", "tiny"]
SIZES: tuple[Size, ...] = ("display", "large", "medium", "small", "tiny")
"""Size classes of a design's style sheet, largest first."""

Density: TypeAlias = Literal["airy", "normal", "dense"]

NAME_LIMITS = (26, 36, 52, 76)
TITLE_LIMITS = (48, 72, 110, 150)
PROSE_LIMITS = (220, 400, 640, 900)
PLACE_LIMITS = (40, 70, 100, 140)
LINE_LIMITS = (60, 90, 120, 160)
COMPETENCY_LIMITS = (40, 52, 75, 90)
"""Longest text, in characters, of each size class but the last; a competency above the second takes two lines."""

ONE_COLUMN = 6
"""The most competencies in a table of one column."""


def participation_period(starts_on: date, ends_on: date, joined_on: date | None, issued: date) -> tuple[date, date]:
    """Return the first and last day of participation: from joining, until the end or the day of issue."""
    first = max(starts_on, joined_on or starts_on)
    return first, max(first, min(ends_on, issued))


def ceu(followed_minutes: int, *, accredited: bool) -> str | None:
    """Return continuing-education units: the hours followed ÷ 10, cut to one decimal, ``"6.0"`` (BR-07, BR-29).

    ``None`` when the college is not accredited to grant them.
    """
    tenths = followed_minutes // 60
    return f"{tenths // 10}.{tenths % 10}" if accredited else None


def printed_competencies(
    kind: CertificateKind, curriculum: Curriculum, framework: Framework, levels: Mapping[str, int | None]
) -> tuple[PrintedCompetency, ...]:
    """Return the competencies that the kind requires and the level reached in each, in the framework's order.

    Empty on a participation, which attests no level (BR-22). Texts are in French.
    """
    rule = curriculum.rule(kind)
    thresholds = rule.thresholds if rule is not None else {}
    names = {step.level: step.fr for step in framework.scale}
    return tuple(
        PrintedCompetency(code=c.code, title=printable(c.title.fr), level=level, level_title=names[level])
        for c in framework.competencies
        if c.code in thresholds and (level := levels.get(c.code)) is not None
    )


def printable(text: str) -> str:
    """Return a text in the characters that fonts have: composed accents, ordinary no-break spaces and hyphens."""
    return unicodedata.normalize("NFC", text).replace("\u202f", "\u00a0").replace("\u2011", "-")


def typographic(text: str) -> str:
    """Return a French text with typographic apostrophes, and no-break spaces around double punctuation."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", re.sub(r"(?<=\w)'(?=\w)", "\u2019", text))


def density(record: CertificateRecord) -> Density:
    """Return the spacing of the page: airy without a table, dense with a table and several long texts."""
    if not record.competencies:
        return "airy"
    texts = (
        (record.holder, NAME_LIMITS), (record.path_title, TITLE_LIMITS), (record.college_name, TITLE_LIMITS),
        (record.object, PROSE_LIMITS), *((c.title, COMPETENCY_LIMITS) for c in record.competencies),
    )  # fmt: skip
    long_texts = sum(SIZES.index(size_class(text, limits)) >= SIZES.index("small") for text, limits in texts)
    return "dense" if long_texts > 1 else "normal"


def size_class(text: str, limits: Sequence[int]) -> Size:
    """Return the size class that fits a text in its place, by its length."""
    return SIZES[sum(len(text) > limit for limit in limits)]


def split_columns(lines: Sequence[PrintedCompetency]) -> list[Sequence[PrintedCompetency]]:
    """Return the table's columns: one, or from seven lines on two of similar height, the left one not shorter."""
    if len(lines) <= ONE_COLUMN:
        return [lines] if lines else []
    heights = [1 + (len(line.title) > COMPETENCY_LIMITS[1]) for line in lines]
    cut = next(i for i in range(1, len(lines)) if sum(heights[:i]) >= sum(heights[i:]))
    return [lines[:cut], lines[cut:]]


def refuse_missing_glyphs(characters: Iterable[str]) -> list[Reason]:
    """Return a reason with the characters that the design's fonts lack; empty when they lack none."""
    listed = " ".join(sorted(characters))
    return [Reason("certificate_glyphs", {"characters": listed})] if listed else []
