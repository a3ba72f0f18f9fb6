"""Pages that show certificates: one's own list, one certificate, and the public verification."""

from typing import Annotated, Any

from fastapi import Query, Request, Response, UploadFile

from app.certificates import rules as certificates_rules
from app.certificates.corrections import revocations
from app.certificates.enums import CertificateState
from app.certificates.register import service
from app.certificates.register.rules import read_code
from app.certificates.register.schemas import RegisterQuery
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.files.store import digest
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor, may, seen
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

MAX_TYPED = 2000
"""Characters that the form takes: an address may be pasted with the message around it."""

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""Headers of a page whose address holds a code: no indexing, and no address sent to other sites."""


@router.get("/attestations")
def own(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """Show one's own certificates."""
    return render(request, "certificates/own.html", certificates=service.own_certificates(db, actor))


@router.get("/colleges/{college_id}/attestations/registre")
def college_register(
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_READ)],
    db: SessionDep,
    request: Request,
    query: Annotated[RegisterQuery, Query()],
) -> Response:
    """Show the certificates of a college, in any state."""
    view = ListView(f"/colleges/{college.id}/attestations/registre", query, service.list_register(db, college, query))
    values: dict[str, Any] = {"states": tuple(CertificateState), "kinds": tuple(CertificateKind)}
    return render(request, "certificates/register.html", college=college, register=view, **values)


@router.get("/attestations/{certificate_id}")
def certificate(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)],
    ref: Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_READ)],
    db: SessionDep,
    request: Request,
) -> Response:
    """Show one certificate, its document, its verification address and, to its holder, its revocations."""
    view = service.load_certificate(db, ref)
    return render(
        request,
        "certificates/certificate.html",
        certificate=view,
        code=certificates_rules.group_code(view.record.code),
        college_id=ref.college_id,
        revocations=revocations.revocations_of(db, ref) if ref.person_id == actor.person_id else (),
    )


@router.get("/verification", dependencies=[slowed(RateLimitScope.VERIFY)])
def verification_form(
    _: OptionalActor,
    db: SessionDep,
    keyring: KeyringDep,
    request: Request,
    code: Annotated[str | None, Query(max_length=MAX_TYPED)] = None,
) -> Response:
    """Show the form for a document without its QR code; redirect to the page of the code that was typed."""
    if not code:
        return render(request, "certificates/verification_form.html")
    codes = read_code(code).codes
    if len(codes) == 1:
        return redirect_after_post(f"/v/{codes[0]}")
    try:
        checked = service.verify(db, keyring, code, origin=origin_of(request))
    except NotFound as refusal:
        return _refused(request, refusal, code)
    return redirect_after_post(f"/v/{checked.code}")


@router.get("/v/{code}", dependencies=[slowed(RateLimitScope.VERIFY)])
def verification(_: OptionalActor, db: SessionDep, keyring: KeyringDep, request: Request, code: str) -> Response:
    """Show what the code proves; an unknown code and a malformed one give the same page."""
    return _verification_page(db, keyring, request, code)


@router.post("/v/{code}/fichier", dependencies=[slowed(RateLimitScope.VERIFY), form_on("/v/{code}")])
def compare_file(
    _: OptionalActor, db: SessionDep, keyring: KeyringDep, request: Request, code: str, file: UploadFile
) -> Response:
    """Compare an uploaded file with the issued document, by SHA-256; the file is read once and not stored.

    With a script, the browser computes the digest itself and uploads nothing.
    """
    return _verification_page(db, keyring, request, code, digest(file.file.read()))


def _verification_page(
    db: Session, keyring: Keyring, request: Request, code: str, sha256: str | None = None
) -> Response:
    """Render what a code proves and, with ``sha256``, whether a file is the issued document; 404 when unknown."""
    try:
        checked = service.verify(db, keyring, code, origin=origin_of(request))
    except NotFound as refusal:
        return _refused(request, refusal, code)
    page = render(
        request,
        "certificates/verification.html",
        verification=checked.proof,
        code=checked.code,
        same=checked.is_document(sha256 or ""),
        compared=sha256 is not None,
    )
    page.headers.update(PRIVATE)
    return page


def _refused(request: Request, refusal: NotFound, typed: str) -> Response:
    """Render the form again with what was typed, and why it proves nothing."""
    reason = next(iter(refusal.reasons), None)
    page = render(
        request,
        "certificates/verification.html",
        status=refusal.status,
        verification=None,
        reason=reason,
        typed=typed[:MAX_TYPED] if reason else "",
    )
    page.headers.update(PRIVATE)
    return page
