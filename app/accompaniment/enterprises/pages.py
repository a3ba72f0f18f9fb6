"""Pages of enterprises: the list, and the form of a new one."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from app.accompaniment.enterprises import service
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import EnterprisesQuery, NewEnterpriseForm
from app.accompaniment.forms import form_values
from app.cohorts.offer.service import managed_colleges
from app.network import service as network
from app.platform.database.session import Session
from app.platform.errors import DomainError
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/entreprises")
def list_enterprises(
    request: Request,
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)],
    db: SessionDep,
    query: Annotated[EnterprisesQuery, Query()],
) -> Response:
    """Enterprises by name, with the form of a new one for those who manage them."""
    values = _list_context(db, actor, query)
    return render(request, "accompaniment/enterprises.html", **values, **form_values())


def _list_context(db: Session, actor: Actor, query: EnterprisesQuery) -> dict[str, Any]:
    colleges = managed_colleges(db, actor.using(P.ENTERPRISE_MANAGE)) if actor.can(P.ENTERPRISE_MANAGE) else []
    regions = network.regions(db)
    return {
        "enterprises": ListView(
            "/entreprises", query, service.list_enterprises(db, actor.using(P.ENTERPRISE_READ), query)
        ),
        "colleges": [(c.id, c.name) for c in colleges],
        "default_college": colleges[0] if colleges else None,
        "regions": [(r.code, r.name) for r in regions],
        "region_names": {r.code: r.name for r in regions},
        "sizes": tuple(EnterpriseSize),
    }


@router.post("/entreprises", dependencies=[form_on("/entreprises")])
def add_enterprise(
    request: Request,
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)],
    db: SessionDep,
    form: Annotated[NewEnterpriseForm, Form()],
) -> Response:
    """Add an enterprise, then show the list; when refused, show the form again as it was filled."""
    college = network.see_college(db, actor, form.college_id)
    try:
        service.add_enterprise(db, actor, college, form.command)
    except DomainError as error:
        values = {**_list_context(db, actor, EnterprisesQuery()), **form_values(form.model_dump(), error)}
        return render(request, "accompaniment/enterprises.html", status=error.status, **values)
    return redirect_after_post("/entreprises")
