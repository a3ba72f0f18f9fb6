"""Certificates for people: the registrar's list, one's own, the document, and verification by a stranger."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.certificates.documents import service
from app.certificates.documents.service import DocumentStore
from app.certificates.register import service as register
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import attachment

router = APIRouter(include_in_schema=False)


@router.get("/attestations/{certificate_id}/pdf")
def pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The document, to keep."""
    seen = register.see_certificate(db, actor, certificate_id)
    found = service.pdf(db, actor, seen, DocumentStore.of(request.app.state.settings, request.app.state.keyring))
    headers = {**attachment(found.name), "Cache-Control": "no-store"}
    return Response(found.content, media_type="application/pdf", headers=headers)
