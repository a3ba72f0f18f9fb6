"""Certificates as JSON and PDF, and their verification by anyone."""

from typing import Annotated

from fastapi import APIRouter, Request, status

from app.certificates.issuing import service
from app.certificates.issuing.schemas import Candidates, IssueCertificate
from app.certificates.schemas import CertificateView
from app.cohorts.enrolments.service import see_enrolment
from app.network import service as network
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["certificates"], route_class=OnceRoute)


@router.get("/colleges/{college_id}/certificate-candidates", summary="Who may be issued what, and what is missing")
def read_candidates(actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], db: SessionDep, college_id: int) -> Candidates:
    """By name; a kind is ready when nothing but the decision of a person is missing (BR-19)."""
    college = network.see_college(db, actor, college_id)
    return Candidates(items=service.eligible(db, actor, college))


@router.post("/enrolments/{enrolment_id}/certificates", status_code=status.HTTP_201_CREATED, summary="Issue")
def issue(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    enrolment_id: int,
    command: IssueCertificate,
) -> CertificateView:
    """The decision of the person who asks; 409 with every reason that forbids it."""
    settings: Settings = request.app.state.settings
    return service.issue(db, actor, see_enrolment(db, actor, enrolment_id), command, site=settings.base_url)
