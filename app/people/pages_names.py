"""A change of legal name, on a page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, may
from app.db import SessionDep
from app.people import service_names as service
from app.people.schemas_names import Rename
from app.web import render, see_other

router = APIRouter(include_in_schema=False)
Renaming = Annotated[Actor, may(P.PERSON_RENAME)]
HERE = "/colleges/{college_id}/personnes/{person_id}/nom"


@router.get(HERE)
def name_page(actor: Renaming, session: SessionDep, request: Request, college_id: int, person_id: int) -> Response:
    """The name as it is, the form, and the names before."""
    found = service.legal_name(session, service.see_person(session, actor, college_id, person_id))
    return render(request, "people/name.html", person=found, college_id=college_id)


@router.post(HERE)
def rename(
    actor: Renaming, session: SessionDep, college_id: int, person_id: int, command: Annotated[Rename, Form()]
) -> Response:
    """Another name, then the page again."""
    service.rename(session, actor, service.see_person(session, actor, college_id, person_id), command)
    return see_other(HERE.format(college_id=college_id, person_id=person_id))
