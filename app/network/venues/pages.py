"""The pages of venues: the list with the form of a new one, and a venue with the forms that change or retire it."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.network.colleges.rules import QUEBEC_ZONES, zones_offered
from app.network.service import reached_open_colleges
from app.network.venues import service
from app.network.venues.enums import VenueState
from app.network.venues.schemas import NewVenue, VenueChange, VenueShown, VenuesQuery
from app.network.venues.service import see_venue
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageVenues = Annotated[Actor, may(P.VENUE_MANAGE)]
ManagedVenue = Annotated[VenueShown, seen(see_venue, P.VENUE_MANAGE)]


@router.get("/lieux", dependencies=[keyed_page()])
def venues_page(
    request: Request, actor: MayManageVenues, db: SessionDep, query: Annotated[VenuesQuery, Query()]
) -> Response:
    """Show the venues of the person's colleges and of the network, with the form of a new one."""
    colleges = reached_open_colleges(db, actor)
    return render(
        request,
        "network/venues.html",
        venues=ListView("/lieux", query, service.list_venues(db, actor, query)),
        colleges=[(c.id, c.name) for c in colleges],
        for_network=service.manages_network(actor),
        zone_of_college=colleges[0].timezone if colleges else QUEBEC_ZONES[0],
        states=tuple(VenueState),
        zones=zones_offered(),
    )


@router.post("/lieux", dependencies=[form_on("/lieux", creates=True)])
def add_venue(actor: MayManageVenues, db: SessionDep, form: Annotated[NewVenue, Form()]) -> Response:
    """Add a venue, then show the list."""
    service.add_venue(db, actor, form)
    return redirect_after_post("/lieux")


@router.get("/lieux/{venue_id}")
def venue_page(request: Request, venue: ManagedVenue) -> Response:
    """Show a venue, with the forms that change it, retire it or take it back into use."""
    return render(request, "network/venue.html", venue=venue, zones=zones_offered(venue.timezone))


@router.post("/lieux/{venue_id}", dependencies=[form_on("/lieux/{venue_id}")])
def change_venue(venue: ManagedVenue, db: SessionDep, form: Annotated[VenueChange, Form()]) -> Response:
    """Change a venue."""
    service.change_venue(db, venue, form)
    return redirect_after_post(f"/lieux/{venue.id}")


@router.post("/lieux/{venue_id}/retrait", dependencies=[form_on("/lieux/{venue_id}")])
def retire_venue(venue: ManagedVenue, db: SessionDep) -> Response:
    """Take a venue out of use."""
    service.retire_venue(db, venue)
    return redirect_after_post(f"/lieux/{venue.id}")


@router.post("/lieux/{venue_id}/retour", dependencies=[form_on("/lieux/{venue_id}")])
def return_venue(venue: ManagedVenue, db: SessionDep) -> Response:
    """Take a retired venue back into use."""
    service.return_venue(db, venue)
    return redirect_after_post(f"/lieux/{venue.id}")
