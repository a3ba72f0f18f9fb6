"""A change of legal name, on a page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.people.legal_names import service
from app.people.legal_names.schemas import Rename
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
Renaming = Annotated[Actor, may(P.PERSON_RENAME)]
HERE = "/colleges/{college_id}/personnes/{person_id}/nom"


@router.get(HERE)
def name_page(actor: Renaming, db: SessionDep, request: Request, college_id: int, person_id: int) -> Response:
    """The name as it is, the form, and the names before."""
    found = service.legal_name(db, service.see_person(db, actor, college_id, person_id))
    return render(request, "people/name.html", person=found, college_id=college_id)


@router.post(HERE)
def rename(
    actor: Renaming, db: SessionDep, college_id: int, person_id: int, command: Annotated[Rename, Form()]
) -> Response:
    """Another name, then the page again."""
    service.rename(db, actor, service.see_person(db, actor, college_id, person_id), command)
    return redirect_after_post(HERE.format(college_id=college_id, person_id=person_id))
