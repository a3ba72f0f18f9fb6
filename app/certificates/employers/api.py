"""Replacing and revoking certificates, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.certificates.corrections.api import Correcting
from app.certificates.employers import service
from app.certificates.employers.schemas import EmployerAttestations, EmployerQuery
from app.network import service as network
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["certificates"], route_class=OnceRoute)


@router.get("/colleges/{college_id}/employer-attestations", summary="Attestations of an employer's people")
def read_employer_attestations(
    actor: Correcting, db: SessionDep, college_id: int, query: Annotated[EmployerQuery, Query()]
) -> EmployerAttestations:
    """Of those who consent, by name, with the object of each activity; the others are counted."""
    return service.attestations_for(db, network.see_college(db, actor, college_id), query)
