"""Commands and read models of venues."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.network.schemas import CityName, ZoneName
from app.network.venues.enums import VenueSort, VenueState
from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Read


class VenuesQuery(ListQuery):
    """The venues to show in a list, by name; those in use unless asked otherwise."""

    SORTS: ClassVar = VenueSort
    tri: str = "nom"
    college: int | None = None
    etat: VenueState = VenueState.IN_USE


class VenueChange(Command):
    """What a venue becomes."""

    name: Annotated[Line, StringConstraints(max_length=120)]
    address: Line
    city: CityName
    timezone: ZoneName = "America/Toronto"
    accessibility: Annotated[Line, StringConstraints(max_length=500)] | None = None


class NewVenue(VenueChange):
    """A venue to add: of a college, or of the whole network when it has none."""

    college_id: int | None = None


class VenueShown(Read):
    """A venue within the actor's reach; commands accept it."""

    id: int
    college_id: int | None
    college: str | None
    name: str
    address: str
    city: str
    timezone: str
    accessibility: str | None
    retired_at: datetime | None


class VenueAddress(Read):
    """What the people of a session read of its venue, in use or retired since."""

    id: int
    name: str
    address: str
    city: str
    accessibility: str | None


class ListedVenue(VenueShown):
    """A venue in a list; ``may_change``: its reader may change or retire it."""

    may_change: bool


class VenuePage(Read):
    """A page of venues in use, by name; ``next`` is the ``after`` of the following page."""

    items: tuple[ListedVenue, ...]
    next: int | None
