"""The list of colleges with the form of a new one, and the forms of one; its page is in ``overview``."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.network import service as network
from app.network.colleges import service
from app.network.colleges.enums import Openness
from app.network.colleges.rules import zones_offered
from app.network.colleges.schemas import CloseCollege, CollegeChange, CollegesQuery, NewCollegeForm
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageNetwork = Annotated[Actor, may(P.NETWORK_MANAGE)]
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.NETWORK_MANAGE)]


@router.get("/colleges", dependencies=[keyed_page()])
def colleges_page(
    request: Request, _: MayManageNetwork, db: SessionDep, query: Annotated[CollegesQuery, Query()]
) -> Response:
    """Show the colleges of the network, with the form of a new one."""
    regions = network.regions(db)
    return render(
        request,
        "network/colleges.html",
        colleges=ListView("/colleges", query, service.list_colleges(db, query)),
        regions=[(r.code, r.name) for r in regions],
        region_names={r.code: r.name for r in regions},
        states=tuple(Openness),
        kinds=tuple(CertificateKind),
        zones=zones_offered(),
    )


@router.post("/colleges", dependencies=[form_on("/colleges", creates=True)])
def open_college(_: MayManageNetwork, db: SessionDep, form: Annotated[NewCollegeForm, Form()]) -> Response:
    """Add a college, then show its page."""
    college = network.open_college(db, form)
    return redirect_after_post(f"/colleges/{college.id}")


@router.post("/colleges/{college_id}", dependencies=[form_on("/colleges/{college_id}")])
def change_college(college: ManagedCollege, db: SessionDep, form: Annotated[CollegeChange, Form()]) -> Response:
    """Change a college."""
    service.change_college(db, college, form)
    return redirect_after_post(f"/colleges/{college.id}")


@router.post("/colleges/{college_id}/fermeture", dependencies=[form_on("/colleges/{college_id}")])
def close_college(college: ManagedCollege, db: SessionDep, form: Annotated[CloseCollege, Form()]) -> Response:
    """Close a college."""
    service.close_college(db, college, form)
    return redirect_after_post(f"/colleges/{college.id}")


@router.post("/colleges/{college_id}/reouverture", dependencies=[form_on("/colleges/{college_id}")])
def reopen_college(college: ManagedCollege, db: SessionDep) -> Response:
    """Open a closed college again."""
    service.reopen_college(db, college)
    return redirect_after_post(f"/colleges/{college.id}")
