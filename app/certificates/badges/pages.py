"""Credentials for people to take along, and for anyone's software to check."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.certificates.badges import college_keys, rules, service
from app.certificates.documents import service as documents
from app.certificates.documents.service import DocumentStore
from app.certificates.register import service as register
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import attachment

router = APIRouter(include_in_schema=False)

OPEN = {"Cache-Control": f"public, max-age={rules.STATUS_SECONDS}", "Access-Control-Allow-Origin": "*"}
"""Verifiers run in browsers too, on sites of their own."""


@router.get("/attestations/{certificate_id}/justificatif")
def credential(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The credential, to put in a wallet."""
    seen = register.see_certificate(db, actor, certificate_id)
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    found = documents.badge(db, seen, shop)
    headers = {**attachment(found.name), "Cache-Control": "no-store"}
    return Response(found.content, media_type=rules.MEDIA_TYPE, headers=headers)


# For anyone's software ---------------------------------------------------------------------------


@router.get("/colleges/{slug}/did.json")
def did_document(_: OptionalActor, db: SessionDep, request: Request, slug: str) -> Response:
    """The keys that prove a college's credentials (did:web)."""
    settings: Settings = request.app.state.settings
    found = college_keys.did_document(db, slug, site=settings.base_url)
    return JSONResponse(found, headers=OPEN, media_type="application/did+ld+json")


@router.get("/colleges/{slug}/statuts/{number}")
def status_list(_: OptionalActor, db: SessionDep, slug: str, number: int) -> Response:
    """Which of a college's credentials no longer hold, without saying which one is asked about."""
    found = service.public_status_list(db, slug, number)
    return Response(found, media_type=rules.MEDIA_TYPE, headers=OPEN)
