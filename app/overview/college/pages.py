"""The page of one college, for its administrator."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.network import service as network
from app.network.colleges import service
from app.network.colleges.rules import zones_offered
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.overview.college.service import college_figures
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/colleges/{college_id}")
def college_page(
    request: Request, college: Annotated[CollegeShown, seen(see_college, P.NETWORK_MANAGE)], db: SessionDep
) -> Response:
    """Show a college, its figures, and the forms that change it, close it or open it again."""
    regions = network.regions(db)
    return render(
        request,
        "network/college.html",
        college=service.college_details(db, college),
        figures=college_figures(db, college),
        regions=[(r.code, r.name) for r in regions],
        region_names={r.code: r.name for r in regions},
        kinds=tuple(CertificateKind),
        zones=zones_offered(college.timezone),
    )
