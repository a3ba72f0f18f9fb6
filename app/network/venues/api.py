"""Venues as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.network.venues import service
from app.network.venues.schemas import NewVenue, VenueChange, VenuePage, VenueShown
from app.network.venues.service import see_venue
from app.platform.paging import PAGE, After, Limit
from app.platform.schema import SearchText
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["network"], route_class=IdempotentRoute)
MayManageVenues = Annotated[Actor, may(P.VENUE_MANAGE)]
ManagedVenue = Annotated[VenueShown, seen(see_venue, P.VENUE_MANAGE)]
Search = Annotated[SearchText, Query(description="words of the name or the city, accents and case ignored")]


@router.get("/venues", summary="Venues in use")
def read_venues(
    actor: MayManageVenues, db: SessionDep, search: Search = "", after: After = None, limit: Limit = PAGE
) -> VenuePage:
    """Return the venues in use of the actor's colleges and of the network, by name."""
    return service.venues(db, actor, search=search, after=after, limit=limit)


@router.post("/venues", status_code=HTTPStatus.CREATED, summary="Add a venue")
def add_venue(actor: MayManageVenues, db: SessionDep, command: NewVenue) -> VenueShown:
    """Add a venue; without `college_id` it is the network's, which its administrator alone adds."""
    return service.add_venue(db, actor, command)


@router.get("/venues/{venue_id}", summary="A venue")
def read_venue(venue: ManagedVenue) -> VenueShown:
    """Return a venue that the actor may change, in use or retired."""
    return venue


@router.put("/venues/{venue_id}", summary="Change a venue")
def change_venue(venue: ManagedVenue, db: SessionDep, command: VenueChange) -> VenueShown:
    """Change a venue; it stays with its college."""
    return service.change_venue(db, venue, command)


@router.post("/venues/{venue_id}/retirement", summary="Retire a venue")
def retire_venue(venue: ManagedVenue, db: SessionDep) -> VenueShown:
    """Take a venue out of use: nothing is planned there any more; `return` takes it back."""
    return service.retire_venue(db, venue)


@router.post("/venues/{venue_id}/return", summary="Take a retired venue back into use")
def return_venue(venue: ManagedVenue, db: SessionDep) -> VenueShown:
    """Take a retired venue back into use, unless another one has its name since."""
    return service.return_venue(db, venue)
