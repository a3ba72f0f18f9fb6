"""The download of a credential, and the public files that verify it: DID document and status list."""

import json
from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.certificates.badges import college_keys, rules, service
from app.certificates.deps import DocumentStoreDep
from app.certificates.documents import service as documents
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef
from app.platform.security.guards import OptionalActor, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.pages import attachment
from app.platform.web.public_files import document, for_every_site

router = APIRouter(include_in_schema=False)


@router.get("/attestations/{certificate_id}/justificatif")
def credential(
    certificate: Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)],
    db: SessionDep,
    store: DocumentStoreDep,
) -> Response:
    """Download the credential, to put in a wallet."""
    credential_file = documents.certificate_credential(db, certificate, store)
    headers = {**attachment(credential_file.name), "Cache-Control": "no-store"}
    return Response(credential_file.content, media_type=rules.MEDIA_TYPE, headers=headers)


@router.get("/colleges/{slug}/did.json", dependencies=[for_every_site()])
def did_document(_: OptionalActor, db: SessionDep, settings: SettingsDep, request: Request, slug: str) -> Response:
    """Return the DID document with the keys that prove a college's credentials (did:web)."""
    content = json.dumps(college_keys.did_document(db, slug, site=settings.base_url), ensure_ascii=False).encode()
    return document(request, content, media_type="application/did+ld+json", seconds=rules.STATUS_SECONDS)


@router.get("/colleges/{slug}/statuts/{number}", dependencies=[for_every_site()])
def status_list(_: OptionalActor, db: SessionDep, request: Request, slug: str, number: int) -> Response:
    """Return the status list of a college's credentials; reading it does not reveal which one is being checked."""
    content = service.public_status_list(db, slug, number).encode()
    return document(request, content, media_type=rules.MEDIA_TYPE, seconds=rules.STATUS_SECONDS)
