"""Legal names as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.access import Actor, P, may
from app.db import SessionDep
from app.people import service_names as service
from app.people.schemas_names import LegalName, Rename

router = APIRouter(tags=["people"])
Renaming = Annotated[Actor, may(P.PERSON_RENAME)]
HERE = "/colleges/{college_id}/people/{person_id}/legal-name"


@router.get(HERE, summary="Someone's legal name and those before")
def read_legal_name(actor: Renaming, session: SessionDep, college_id: int, person_id: int) -> LegalName:
    """Latest first, with who saw the proof of each change and when."""
    return service.legal_name(session, service.see_person(session, actor, college_id, person_id))


@router.put(HERE, summary="Change someone's legal name")
def rename(actor: Renaming, session: SessionDep, college_id: int, person_id: int, command: Rename) -> LegalName:
    """From now on, everywhere; certificates already issued are replaced one by one, on the registrar's decision."""
    return service.rename(session, actor, service.see_person(session, actor, college_id, person_id), command)
