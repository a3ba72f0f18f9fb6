"""Certificates as JSON and PDF, and their verification by anyone."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status

from app.access import Actor, Anyone, P, may
from app.certificates import (
    rules_badge,
    service,
    service_documents,
    service_register,
    service_signatories,
)
from app.certificates.schemas import (
    Candidates,
    CertificateList,
    CertificateView,
    IssueCertificate,
    NewSignatory,
    SignatoryList,
    SignatoryShown,
    Verification,
)
from app.certificates.service_documents import Workshop
from app.cohorts.service import see_enrolment
from app.config import Settings
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network import service as network
from app.people.service_throttle import origin_of
from app.web import attachment

router = APIRouter(tags=["certificates"], route_class=OnceRoute)

PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "A tagged PDF of one page (PDF/UA-1)", "content": {"application/pdf": {}}},
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"},
}
CREDENTIAL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An Open Badges 3.0 credential, signed with Data Integrity (eddsa-rdfc-2022)",
        "content": {rules_badge.MEDIA_TYPE: {}},
    }
}


@router.get("/colleges/{college_id}/certificate-candidates", summary="Who may be issued what, and what is missing")
def read_candidates(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], session: SessionDep, college_id: int
) -> Candidates:
    """By name; a kind is ready when nothing but the decision of a person is missing (BR-19)."""
    college = network.see_college(session, actor, college_id)
    return Candidates(items=service.eligible(session, actor, college))


@router.post("/enrolments/{enrolment_id}/certificates", status_code=status.HTTP_201_CREATED, summary="Issue")
def issue(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    enrolment_id: int,
    command: IssueCertificate,
) -> CertificateView:
    """The decision of the person who asks; 409 with every reason that forbids it."""
    settings: Settings = request.app.state.settings
    return service.issue(session, actor, see_enrolment(session, actor, enrolment_id), command, site=settings.base_url)


@router.get("/enrolments/{enrolment_id}/certificates", summary="Certificates of an enrolment")
def read_certificates(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, enrolment_id: int
) -> CertificateList:
    """Newest first, whatever became of them."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    return CertificateList(items=service_register.certificates_of(session, enrolment))


@router.get("/me/certificates", summary="One's own certificates")
def read_own(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep) -> CertificateList:
    """Of every college, newest first."""
    return CertificateList(items=service_register.own_certificates(session, actor))


@router.get("/colleges/{college_id}/certificates", summary="A college's register")
def read_register(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)],
    session: SessionDep,
    college_id: int,
    search: Annotated[str, Query(max_length=100)] = "",
) -> CertificateList:
    """Newest first; ``search`` is a number, a short code read over the telephone, or words of the holder's name."""
    college = network.see_college(session, actor, college_id)
    return CertificateList(items=service_register.college_certificates(session, college, search))


@router.get("/certificates/{certificate_id}", summary="A certificate")
def read_certificate(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, certificate_id: int
) -> CertificateView:
    """All that it says, who decided and when."""
    return service_register.certificate(session, service_register.see_certificate(session, actor, certificate_id))


@router.get("/certificates/{certificate_id}/pdf", summary="The document", response_class=Response, responses=PDF)
def read_pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The same bytes every time; 409 once the certificate was replaced or revoked."""
    seen = service_register.see_certificate(session, actor, certificate_id)
    found = service_documents.pdf(
        session, actor, seen, Workshop.of(request.app.state.settings, request.app.state.keyring)
    )
    return Response(found.content, media_type="application/pdf", headers=attachment(found.name))


@router.get(
    "/certificates/{certificate_id}/credential", summary="The credential", response_class=Response, responses=CREDENTIAL
)
def read_credential(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, request: Request, certificate_id: int
) -> Response:
    """For a wallet: the same bytes every time; 409 once the certificate was replaced or revoked."""
    seen = service_register.see_certificate(session, actor, certificate_id)
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    found = service_documents.badge(session, seen, shop)
    return Response(found.content, media_type=rules_badge.MEDIA_TYPE, headers=attachment(found.name))


# Signatories -------------------------------------------------------------------------------------


@router.get("/colleges/{college_id}/signatories", summary="Who signs the college's certificates")
def read_signatories(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], session: SessionDep, college_id: int
) -> SignatoryList:
    """In order of print, past and to come included."""
    college = network.see_college(session, actor, college_id)
    return SignatoryList(items=service_signatories.signatories(session, college))


@router.post("/colleges/{college_id}/signatories", status_code=status.HTTP_201_CREATED, summary="Add a signatory")
def add_signatory(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], session: SessionDep, college_id: int, command: NewSignatory
) -> SignatoryShown:
    """Signs from a day on, or between two; certificates already issued keep those who signed them."""
    return service_signatories.add_signatory(session, network.see_college(session, actor, college_id), command)


# For strangers -----------------------------------------------------------------------------------


@router.get("/verify/{code}", summary="Verify a certificate")
def verify(_: Anyone, session: SessionDep, request: Request, response: Response, code: str) -> Verification:
    """Open to anyone who holds the code; the name only while it is valid, never a reason (BR-21)."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return service_register.verify(session, request.app.state.keyring, code, origin=origin_of(request))
