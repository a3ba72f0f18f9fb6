"""Routes that read certificates as JSON, and that let anyone verify one by its code."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.certificates.register import service
from app.certificates.register.schemas import Verification
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateList, CertificatePage, CertificateRef, CertificateView
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.schema import SearchText
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may, seen
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.public_files import for_every_site

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)


@router.get("/enrolments/{enrolment_id}/certificates", summary="List the certificates of an enrolment")
def read_certificates(
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.CERTIFICATE_READ)], db: SessionDep
) -> CertificateList:
    """Return the enrolment's certificates in any state, newest first."""
    return CertificateList(items=service.certificates_of(db, enrolment))


@router.get("/me/certificates", summary="List one's own certificates")
def read_own(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> CertificateList:
    """Return the certificates of the person who asks, from every college, newest first."""
    return CertificateList(items=service.own_certificates(db, actor))


@router.get("/colleges/{college_id}/certificates", summary="Search a college's register")
def read_register(
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_READ)],
    db: SessionDep,
    search: Annotated[SearchText, Query()] = "",
    after: After = None,
    limit: Limit = PAGE,
) -> CertificatePage:
    """Return the college's certificates, newest first.

    ``search`` is a number, a short code read over the telephone, or words of the holder's name.
    """
    return service.college_certificates(db, college, search, after=after, limit=limit)


@router.get("/certificates/{certificate_id}", summary="Read a certificate")
def read_certificate(
    certificate: Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)], db: SessionDep
) -> CertificateView:
    """Return the whole record, who decided and when."""
    return service.load_certificate(db, certificate)


@router.get(
    "/verify/{code}", summary="Verify a certificate", dependencies=[for_every_site(), slowed(RateLimitScope.VERIFY)]
)
def verify(
    _: OptionalActor, db: SessionDep, keyring: KeyringDep, request: Request, response: Response, code: str
) -> Verification:
    """Return what a code proves, to anyone: a name only while the certificate is valid, never a reason (BR-21).

    The code is read as people copy it, also inside an address; a number followed by its short code is one too. 404
    ``certificate_unknown`` for a code of no document, ``certificate_mistyped`` or another code for what is none.
    """
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return service.verify(db, keyring, code, origin=origin_of(request)).proof
