"""Pages of corrections: those to decide on, and the forms that propose, make or refuse one."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render
from app.resources.corrections import service
from app.resources.corrections.schemas import CorrectionsQuery, ListedCorrection, NewCorrection, RefuseCorrection
from app.resources.corrections.service import see_correction
from app.resources.directory.schemas import ResourceShown
from app.resources.directory.service import see_resource

router = page_router()
Keeper = Annotated[Actor, may(P.RESOURCE_MANAGE)]
Decided = Annotated[ListedCorrection, seen(see_correction, P.RESOURCE_MANAGE)]
LIST, ENTRY = "/repertoire/corrections", "/repertoire/{resource_id}"
ONE = LIST + "/{correction_id}"


@router.get(LIST)
def corrections(
    request: Request, actor: Keeper, db: SessionDep, query: Annotated[CorrectionsQuery, Query()]
) -> Response:
    """Show the corrections to decide on, each beside what the entry says today."""
    view = ListView(LIST, query, service.list_corrections(db, actor, query))
    return render(request, "resources/corrections.html", corrections=view)


@router.post(ENTRY + "/corrections", dependencies=[form_on(ENTRY, creates=True)])
def propose(
    actor: Annotated[Actor, may(P.RESOURCE_PROPOSE)],
    resource: Annotated[ResourceShown, seen(see_resource, P.RESOURCE_PROPOSE)],
    db: SessionDep,
    form: Annotated[NewCorrection, Form()],
) -> Response:
    """Propose a correction, then show the entry with it."""
    service.propose(db, actor, resource, form)
    return redirect_after_post(f"/repertoire/{resource.id}#corrections")


@router.post(ONE + "/acceptation", dependencies=[form_on(LIST)])
def accept(actor: Keeper, correction: Decided, db: SessionDep) -> Response:
    """Make a correction."""
    service.accept(db, actor, correction)
    return redirect_after_post(LIST)


@router.post(ONE + "/refus", dependencies=[form_on(LIST)])
def refuse(actor: Keeper, correction: Decided, db: SessionDep, form: Annotated[RefuseCorrection, Form()]) -> Response:
    """Refuse a correction, with a reason."""
    service.refuse(db, actor, correction, form)
    return redirect_after_post(LIST)
