"""Legal names as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.people.legal_names import service
from app.people.legal_names.schemas import LegalName, Rename
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["people"])
Renaming = Annotated[Actor, may(P.PERSON_RENAME)]
HERE = "/colleges/{college_id}/people/{person_id}/legal-name"


@router.get(HERE, summary="Someone's legal name and those before")
def read_legal_name(actor: Renaming, db: SessionDep, college_id: int, person_id: int) -> LegalName:
    """Latest first, with who saw the proof of each change and when."""
    return service.legal_name(db, service.see_person(db, actor, college_id, person_id))


@router.put(HERE, summary="Change someone's legal name")
def rename(actor: Renaming, db: SessionDep, college_id: int, person_id: int, command: Rename) -> LegalName:
    """From now on, everywhere; certificates already issued are replaced one by one, on the registrar's decision."""
    return service.rename(db, actor, service.see_person(db, actor, college_id, person_id), command)
