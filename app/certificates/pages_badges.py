"""Credentials for people to take along, and for anyone's software to check."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.access import Actor, Anyone, P, may
from app.certificates import rules_badge, service_badges, service_college_keys, service_documents, service_register
from app.certificates.service_documents import Workshop
from app.config import Settings
from app.db import SessionDep
from app.web import attachment

router = APIRouter(include_in_schema=False)

OPEN = {"Cache-Control": f"public, max-age={rules_badge.STATUS_SECONDS}", "Access-Control-Allow-Origin": "*"}
"""Verifiers run in browsers too, on sites of their own."""


@router.get("/attestations/{certificate_id}/justificatif")
def credential(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The credential, to put in a wallet."""
    seen = service_register.see_certificate(session, actor, certificate_id)
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    found = service_documents.badge(session, seen, shop)
    headers = {**attachment(found.name), "Cache-Control": "no-store"}
    return Response(found.content, media_type=rules_badge.MEDIA_TYPE, headers=headers)


# For anyone's software ---------------------------------------------------------------------------


@router.get("/colleges/{slug}/did.json")
def did_document(_: Anyone, session: SessionDep, request: Request, slug: str) -> Response:
    """The keys that prove a college's credentials (did:web)."""
    settings: Settings = request.app.state.settings
    found = service_college_keys.did_document(session, slug, site=settings.base_url)
    return JSONResponse(found, headers=OPEN, media_type="application/did+ld+json")


@router.get("/colleges/{slug}/statuts/{number}")
def status_list(_: Anyone, session: SessionDep, slug: str, number: int) -> Response:
    """Which of a college's credentials no longer hold, without saying which one is asked about."""
    found = service_badges.public_status_list(session, slug, number)
    return Response(found, media_type=rules_badge.MEDIA_TYPE, headers=OPEN)
