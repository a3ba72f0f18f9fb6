"""The download of a credential, and the public files that verify it: DID document and status list."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.certificates.badges import college_keys, rules, service
from app.certificates.deps import DocumentStoreDep
from app.certificates.documents import service as documents
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef
from app.platform.security.guards import OptionalActor, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.pages import attachment

router = APIRouter(include_in_schema=False)

PUBLIC = {"Cache-Control": f"public, max-age={rules.STATUS_SECONDS}", "Access-Control-Allow-Origin": "*"}
"""Headers of the public files: verifiers also run in browsers, on sites of their own."""


@router.get("/attestations/{certificate_id}/justificatif")
def credential(
    certificate: Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)],
    db: SessionDep,
    store: DocumentStoreDep,
) -> Response:
    """Download the credential, to put in a wallet."""
    document = documents.certificate_credential(db, certificate, store)
    headers = {**attachment(document.name), "Cache-Control": "no-store"}
    return Response(document.content, media_type=rules.MEDIA_TYPE, headers=headers)


@router.get("/colleges/{slug}/did.json")
def did_document(_: OptionalActor, db: SessionDep, settings: SettingsDep, slug: str) -> Response:
    """Return the DID document with the keys that prove a college's credentials (did:web)."""
    document = college_keys.did_document(db, slug, site=settings.base_url)
    return JSONResponse(document, headers=PUBLIC, media_type="application/did+ld+json")


@router.get("/colleges/{slug}/statuts/{number}")
def status_list(_: OptionalActor, db: SessionDep, slug: str, number: int) -> Response:
    """Return the status list of a college's credentials; reading it does not reveal which one is being checked."""
    credential = service.public_status_list(db, slug, number)
    return Response(credential, media_type=rules.MEDIA_TYPE, headers=PUBLIC)
