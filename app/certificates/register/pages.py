"""Certificates for people: the registrar's list, one's own, the document, and verification by a stranger."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, UploadFile

from app.certificates import rules as certificates_rules
from app.certificates.corrections import revocations
from app.certificates.register import service
from app.platform.database.session import Session
from app.platform.documents.blob_store import digest
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may
from app.platform.security.permissions import P
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a code asks of browsers and of robots."""


@router.get("/attestations")
def own(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """One's own certificates."""
    return render(request, "certificates/own.html", certificates=service.own_certificates(db, actor))


@router.get("/attestations/{certificate_id}")
def certificate(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], db: SessionDep, request: Request, certificate_id: int
) -> Response:
    """One certificate: what it says, its document, the address that proves it."""
    seen = service.see_certificate(db, actor, certificate_id)
    found = service.certificate(db, seen)
    return render(
        request,
        "certificates/certificate.html",
        certificate=found,
        code=certificates_rules.in_groups(found.record.code),
        seen=seen,
        revocations=revocations.revocations_of(db, seen) if seen.person_id == actor.person_id else (),
    )


# For strangers -----------------------------------------------------------------------------------


@router.get("/verification")
def ask(
    _: OptionalActor, db: SessionDep, request: Request, code: Annotated[str | None, Query(max_length=500)] = None
) -> Response:
    """A form for who holds a document without its QR code; leads to the code's own page."""
    tidy = certificates_rules.tidy_code(code or "")
    if tidy is not None:
        return redirect_after_post(f"/v/{tidy}")
    return render(request, "certificates/ask.html") if not code else _answer(db, request, code)


@router.get("/v/{code}")
def verification(_: OptionalActor, db: SessionDep, request: Request, code: str) -> Response:
    """What the code proves; the same page for a code never given and for one that could not be."""
    return _answer(db, request, code)


@router.post("/v/{code}/fichier")
def compare(_: OptionalActor, db: SessionDep, request: Request, code: str, file: UploadFile) -> Response:
    """Whether a file is the document that was issued, by its SHA-256; it is read once and not kept.

    With a script, the browser compares by itself and sends nothing.
    """
    return _answer(db, request, code, digest(file.file.read()))


def _answer(db: Session, request: Request, code: str, sha256: str | None = None) -> Response:
    keyring, origin = request.app.state.keyring, origin_of(request)
    try:
        found, same = service.same_document(db, keyring, code, sha256 or "", origin=origin)
        page = render(
            request,
            "certificates/verification.html",
            found=found,
            code=certificates_rules.tidy_code(code),
            same=same,
            compared=sha256 is not None,
        )
    except NotFound as refusal:
        page = render(request, "certificates/verification.html", status=refusal.status, found=None)
    page.headers.update(PRIVATE)
    return page
