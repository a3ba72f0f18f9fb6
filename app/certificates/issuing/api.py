"""Routes that list the candidates for certificates and issue one, as JSON."""

from typing import Annotated

from fastapi import APIRouter, status

from app.certificates.issuing import candidates as candidate_lists
from app.certificates.issuing import service
from app.certificates.issuing.schemas import Candidates, IssueCertificate
from app.certificates.schemas import CertificateView
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]


@router.get("/colleges/{college_id}/certificate-candidates", summary="List the candidates for certificates")
def read_candidates(
    *,
    actor: Registrar,
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    after: After = None,
    limit: Limit = PAGE,
) -> Candidates:
    """Return the candidates by name; a kind is ready when only the decision of a person is missing (BR-19)."""
    return candidate_lists.list_candidates(db, actor, college, after=after, limit=limit)


@router.post(
    "/enrolments/{enrolment_id}/certificates", status_code=status.HTTP_201_CREATED, summary="Issue a certificate"
)
def issue(
    actor: Registrar,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    settings: SettingsDep,
    command: IssueCertificate,
) -> CertificateView:
    """Issue a certificate by decision of the person who asks; 409 with every reason that forbids it."""
    return service.issue(db, actor, enrolment, command, site=settings.base_url)
