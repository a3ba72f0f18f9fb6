"""The download of a certificate's document from its page."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.certificates.deps import DocumentStoreDep
from app.certificates.documents import service
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import attachment

router = APIRouter(include_in_schema=False)


@router.get("/attestations/{certificate_id}/pdf")
def pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)],
    certificate: Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)],
    db: SessionDep,
    store: DocumentStoreDep,
) -> Response:
    """Download the document."""
    document = service.certificate_pdf(db, actor, certificate, store)
    headers = {**attachment(document.name), "Cache-Control": "no-store"}
    return Response(document.content, media_type="application/pdf", headers=headers)
