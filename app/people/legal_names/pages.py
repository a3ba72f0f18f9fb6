"""The page that shows and changes a person's legal name."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.people.legal_names import service
from app.people.legal_names.schemas import PersonRef, Rename
from app.people.legal_names.service import see_person
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
RenamedPerson = Annotated[PersonRef, seen(see_person, P.PERSON_RENAME)]
PATH = "/colleges/{college_id}/personnes/{person_id}/nom"


@router.get(PATH)
def name_page(person: RenamedPerson, db: SessionDep, request: Request) -> Response:
    """Show the present name, the form to change it, and the former names."""
    names = service.legal_name(db, person)
    return render(request, "people/name.html", person=names, college_id=person.college_id)


@router.post(PATH, dependencies=[form_on(PATH)])
def rename(
    actor: Annotated[Actor, may(P.PERSON_RENAME)],
    person: RenamedPerson,
    db: SessionDep,
    command: Annotated[Rename, Form()],
) -> Response:
    """Change the name, then show the page again."""
    service.rename(db, actor, person, command)
    return redirect_after_post(PATH.format(college_id=person.college_id, person_id=person.person_id))
