"""Masking of indicators: no figure below five persons, nor one from which another could be deduced (BR-24, S11).

A single masked cell could be deduced by subtracting the others from the total. So in each column at least two
cells are masked and together hold at least five, or the total is masked as well. A region whose number
of people is masked gives no other figure about them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

MIN_CELL = 5
"""The smallest figure that is shown (BR-24)."""

MIN_MASKED = 2

OF_PEOPLE = ("enrolled", "active", "completed", "certificates")


@dataclass(frozen=True, slots=True)
class Count:
    """Figures of a region before masking."""

    region_code: str
    enrolled: int
    active: int
    completed: int
    certificates: int
    recognised_minutes: int
    enterprises: int


MaskedFigures = dict[str, int | None]
"""Figures by name; ``None`` where masked."""


def masked_keys(values: Mapping[str, int], also: Collection[str] = ()) -> frozenset[str]:
    """Return the keys of a column's cells to mask: those below five, ``also``, and enough others to protect them."""
    masked = {key for key, value in values.items() if value < MIN_CELL or key in also}
    others = sorted((value, key) for key, value in values.items() if key not in masked)
    while masked and others and not _protected(values, masked):
        masked.add(others.pop(0)[1])
    return frozenset(masked)


def _protected(values: Mapping[str, int], masked: Collection[str]) -> bool:
    return len(masked) >= MIN_MASKED and sum(values[key] for key in masked) >= MIN_CELL


def masked_total(values: Mapping[str, int], masked: Collection[str]) -> int | None:
    """Return the column's total; ``None`` when it is below five or a masked cell could be deduced from it."""
    total = sum(values.values())
    return None if total < MIN_CELL or (masked and not _protected(values, masked)) else total


def mask(counts: Sequence[Count]) -> tuple[dict[str, MaskedFigures], MaskedFigures]:
    """Return figures by region code and in total, ``None`` where masked."""
    regions: dict[str, MaskedFigures] = {count.region_code: {} for count in counts}
    total: MaskedFigures = {}
    people = masked_keys(_column(counts, "enrolled"))
    for name in (*OF_PEOPLE, "enterprises"):
        values = _column(counts, name)
        masked = masked_keys(values, people if name in OF_PEOPLE else ())
        total[name] = masked_total(values, masked)
        for key, value in values.items():
            regions[key][name] = None if key in masked else value
    minutes = _column(counts, "recognised_minutes")
    total["recognised_minutes"] = None if total["enrolled"] is None else sum(minutes.values())
    for key, value in minutes.items():
        regions[key]["recognised_minutes"] = None if key in people else value
    return regions, total


def _column(counts: Sequence[Count], name: str) -> dict[str, int]:
    return {count.region_code: getattr(count, name) for count in counts}
