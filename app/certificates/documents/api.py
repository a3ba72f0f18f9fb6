"""Routes that download a certificate's document and its Open Badges credential."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from app.certificates.badges import rules as badges_rules
from app.certificates.deps import DocumentStoreDep
from app.certificates.documents import service
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import BINARY
from app.platform.web.pages import attachment

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)

PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "A tagged PDF of one page (PDF/UA-1)", "content": {"application/pdf": {"schema": BINARY}}},
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"},
}
CREDENTIAL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An Open Badges 3.0 credential, signed with Data Integrity (eddsa-rdfc-2022)",
        "content": {badges_rules.MEDIA_TYPE: {"schema": {"type": "object"}}},
    }
}

ReadableCertificate = Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)]


@router.get(
    "/certificates/{certificate_id}/pdf", summary="Download the document", response_class=Response, responses=PDF
)
def read_pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)],
    certificate: ReadableCertificate,
    db: SessionDep,
    store: DocumentStoreDep,
) -> Response:
    """Return the document: the same bytes every time; 409 once the certificate was replaced or revoked."""
    pdf = service.certificate_pdf(db, actor, certificate, store)
    return Response(pdf.content, media_type="application/pdf", headers=attachment(pdf.name))


@router.get(
    "/certificates/{certificate_id}/credential",
    summary="Download the credential",
    response_class=Response,
    responses=CREDENTIAL,
)
def read_credential(certificate: ReadableCertificate, db: SessionDep, store: DocumentStoreDep) -> Response:
    """Return the credential, the same bytes every time; 409 once the certificate was replaced or revoked."""
    credential = service.certificate_credential(db, certificate, store)
    return Response(credential.content, media_type=badges_rules.MEDIA_TYPE, headers=attachment(credential.name))
