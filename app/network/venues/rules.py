"""Pure rules of venues: how one is written on a line."""

from typing import Protocol


class Addressed(Protocol):
    """What has a name, an address and a city."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def city(self) -> str: ...


def place_line(venue: Addressed | None, place: str = "") -> str:
    """Return where something is held, on a line: its venue, then the place in it; empty when it has neither."""
    named = (venue.name, venue.address, venue.city) if venue is not None else ()
    return ", ".join(part for part in (*named, place) if part)
