"""The places of this feature that pages of the curriculum name. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class SharedPlace(StrEnum):
    """A place of the network, by its address."""

    LEXICON = "lexique"
    DIRECTORY = "repertoire"
    PROFILE = "mon-dossier/fiche"


NAMED_BY: Mapping[SharedPlace, frozenset[str]] = MappingProxyType(
    {
        SharedPlace.LEXICON: frozenset({"GEN-1.A", "GEN-1.B", "GEN-1.C", "GEN-6.A"}),
        SharedPlace.DIRECTORY: frozenset({"GEN-6.A", "GEN-6.B"}),
        SharedPlace.PROFILE: frozenset({"SPE-11.B"}),
    }
)
"""The activities whose page asks to use a place."""


def places_named_by(code: str) -> tuple[SharedPlace, ...]:
    """Return the places that the page of an activity names."""
    return tuple(place for place, codes in NAMED_BY.items() if code in codes)
