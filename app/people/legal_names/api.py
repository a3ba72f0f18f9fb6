"""JSON routes for a person's legal name and its changes."""

from typing import Annotated

from fastapi import APIRouter

from app.people.legal_names import service
from app.people.legal_names.schemas import LegalName, PersonRef, Rename
from app.people.legal_names.service import see_person
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["people"])
RenamedPerson = Annotated[PersonRef, seen(see_person, P.PERSON_RENAME)]
PATH = "/colleges/{college_id}/people/{person_id}/legal-name"


@router.get(PATH, summary="A person's legal name and its history")
def read_legal_name(person: RenamedPerson, db: SessionDep) -> LegalName:
    """Return the person's names and the former legal names, latest first, with who saw each proof and when."""
    return service.legal_name(db, person)


@router.put(PATH, summary="Change a person's legal name")
def rename(
    actor: Annotated[Actor, may(P.PERSON_RENAME)], person: RenamedPerson, db: SessionDep, command: Rename
) -> LegalName:
    """Change the name everywhere from now on; issued certificates are replaced one by one, by the registrar (S7)."""
    return service.rename(db, actor, person, command)
