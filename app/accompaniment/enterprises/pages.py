"""Pages of enterprises: the list, and the form of a new one."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.accompaniment.enterprises import service
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import EnterprisesQuery, NewEnterpriseForm
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/entreprises", dependencies=[keyed_page()])
def list_enterprises(
    request: Request,
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)],
    db: SessionDep,
    query: Annotated[EnterprisesQuery, Query()],
) -> Response:
    """Enterprises by name, with the form of a new one for those who manage them."""
    # A closed college is offered too: its running cohorts go on with their mandates.
    colleges = network.reached_colleges(db, actor.using(P.ENTERPRISE_MANAGE)) if actor.can(P.ENTERPRISE_MANAGE) else []
    regions = network.regions(db)
    enterprises = service.list_enterprises(db, actor.using(P.ENTERPRISE_READ), query)
    return render(
        request,
        "accompaniment/enterprises.html",
        enterprises=ListView("/entreprises", query, enterprises),
        colleges=[(c.id, c.name) for c in colleges],
        default_college=colleges[0] if colleges else None,
        regions=[(r.code, r.name) for r in regions],
        region_names={r.code: r.name for r in regions},
        sizes=tuple(EnterpriseSize),
    )


@router.post("/entreprises", dependencies=[form_on("/entreprises", creates=True)])
def add_enterprise(
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)],
    db: SessionDep,
    form: Annotated[NewEnterpriseForm, Form()],
) -> Response:
    """Add an enterprise, then show the list."""
    college = network.see_college(db, actor, form.college_id)
    service.add_enterprise(db, actor, college, form.command)
    return redirect_after_post("/entreprises")
