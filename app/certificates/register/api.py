"""Certificates as JSON and PDF, and their verification by anyone."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.certificates.register import service
from app.certificates.register.schemas import Verification
from app.certificates.schemas import CertificateList, CertificateView
from app.cohorts.enrolments.service import see_enrolment
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["certificates"], route_class=OnceRoute)


@router.get("/enrolments/{enrolment_id}/certificates", summary="Certificates of an enrolment")
def read_certificates(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, enrolment_id: int
) -> CertificateList:
    """Newest first, whatever became of them."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    return CertificateList(items=service.certificates_of(db, enrolment))


@router.get("/me/certificates", summary="One's own certificates")
def read_own(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> CertificateList:
    """Of every college, newest first."""
    return CertificateList(items=service.own_certificates(db, actor))


@router.get("/colleges/{college_id}/certificates", summary="A college's register")
def read_register(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)],
    db: SessionDep,
    college_id: int,
    search: Annotated[str, Query(max_length=100)] = "",
) -> CertificateList:
    """Newest first; ``search`` is a number, a short code read over the telephone, or words of the holder's name."""
    college = network.see_college(db, actor, college_id)
    return CertificateList(items=service.college_certificates(db, college, search))


@router.get("/certificates/{certificate_id}", summary="A certificate")
def read_certificate(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, certificate_id: int
) -> CertificateView:
    """All that it says, who decided and when."""
    return service.certificate(db, service.see_certificate(db, actor, certificate_id))


# For strangers -----------------------------------------------------------------------------------


@router.get("/verify/{code}", summary="Verify a certificate")
def verify(_: OptionalActor, db: SessionDep, request: Request, response: Response, code: str) -> Verification:
    """Open to anyone who holds the code; the name only while it is valid, never a reason (BR-21)."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return service.verify(db, request.app.state.keyring, code, origin=origin_of(request))
