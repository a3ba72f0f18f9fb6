"""The route that lists an employer's attestations, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.certificates.employers import service
from app.certificates.employers.schemas import EmployerAttestations, EmployerQuery
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)


@router.get("/colleges/{college_id}/employer-attestations", summary="List an employer's attestations")
def read_employer_attestations(
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_CORRECT)],
    db: SessionDep,
    query: Annotated[EmployerQuery, Query()],
) -> EmployerAttestations:
    """Return the certificates of people who consent, by name; those of the others are only counted."""
    return service.employer_attestations(db, college, query)
