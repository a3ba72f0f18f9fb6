"""Certificates as JSON and PDF, and their verification by anyone."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.certificates.badges import rules as badges_rules
from app.certificates.documents import service
from app.certificates.documents.service import DocumentStore
from app.certificates.register import service as register
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute
from app.platform.web.pages import attachment

router = APIRouter(tags=["certificates"], route_class=OnceRoute)

PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "A tagged PDF of one page (PDF/UA-1)", "content": {"application/pdf": {}}},
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"},
}
CREDENTIAL: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An Open Badges 3.0 credential, signed with Data Integrity (eddsa-rdfc-2022)",
        "content": {badges_rules.MEDIA_TYPE: {}},
    }
}


@router.get("/certificates/{certificate_id}/pdf", summary="The document", response_class=Response, responses=PDF)
def read_pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The same bytes every time; 409 once the certificate was replaced or revoked."""
    seen = register.see_certificate(db, actor, certificate_id)
    found = service.pdf(db, actor, seen, DocumentStore.of(request.app.state.settings, request.app.state.keyring))
    return Response(found.content, media_type="application/pdf", headers=attachment(found.name))


@router.get(
    "/certificates/{certificate_id}/credential", summary="The credential", response_class=Response, responses=CREDENTIAL
)
def read_credential(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, request: Request, certificate_id: int
) -> Response:
    """For a wallet: the same bytes every time; 409 once the certificate was replaced or revoked."""
    seen = register.see_certificate(db, actor, certificate_id)
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    found = service.badge(db, seen, shop)
    return Response(found.content, media_type=badges_rules.MEDIA_TYPE, headers=attachment(found.name))
