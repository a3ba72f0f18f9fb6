"""The page of the administrative regions."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.network import service
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/regions")
def regions_page(request: Request, _: Annotated[Actor, may(P.NETWORK_MANAGE)], db: SessionDep) -> Response:
    """Show the administrative regions with their names in French and English, and their colleges."""
    return render(request, "network/regions.html", regions=service.regions_with_colleges(db))
