"""Certificates for people: the registrar's list, one's own, the document, and verification by a stranger."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile

from app.access import Actor, Anyone, P, may
from app.certificates import (
    rules,
    service,
    service_documents,
    service_livery,
    service_register,
    service_revocations,
    service_signatories,
)
from app.certificates.schemas import IssueCertificate, NewSignatory
from app.certificates.service_documents import Workshop
from app.cohorts.service import see_enrolment
from app.config import Settings
from app.curricula.schema import CertificateKind
from app.db import Session, SessionDep
from app.errors import NotFound
from app.files import digest
from app.network import service as network
from app.people.service_throttle import origin_of
from app.web import attachment, render, see_other

router = APIRouter(include_in_schema=False)

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a code asks of browsers and of robots."""


@router.get("/colleges/{college_id}/attestations")
def candidates(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    college_id: int,
    search: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Who may be issued what, who not yet and why, and what has been issued."""
    college = network.see_college(session, actor, college_id)
    return render(
        request,
        "certificates/candidates.html",
        college=college,
        candidates=service.eligible(session, actor, college),
        issued=service_register.college_certificates(session, college, search),
        search=search,
        signatories=service_signatories.signatories(session, college),
        livery=service_livery.livery(session, college),
    )


@router.get("/parcours/{enrolment_id}/attestations/{kind}")
def confirm(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    enrolment_id: int,
    kind: CertificateKind,
) -> Response:
    """What would be printed, before the decision."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    record = service.proposed(session, actor, enrolment, kind)
    return render(request, "certificates/confirm.html", enrolment=enrolment, record=record)


@router.post("/parcours/{enrolment_id}/attestations")
def issue(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    enrolment_id: int,
    command: Annotated[IssueCertificate, Form()],
) -> Response:
    """The decision of the person who signs in; then the certificate."""
    settings: Settings = request.app.state.settings
    enrolment = see_enrolment(session, actor, enrolment_id)
    issued = service.issue(session, actor, enrolment, command, site=settings.base_url)
    return see_other(f"/attestations/{issued.id}")


@router.post("/colleges/{college_id}/signataires")
def add_signatory(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    college_id: int,
    command: Annotated[NewSignatory, Form()],
) -> Response:
    """Add a signatory, then back to the list."""
    college = network.see_college(session, actor, college_id)
    service_signatories.add_signatory(session, college, command)
    return see_other(f"/colleges/{college_id}/attestations#signataires")


@router.get("/attestations")
def own(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep, request: Request) -> Response:
    """One's own certificates."""
    return render(request, "certificates/own.html", certificates=service_register.own_certificates(session, actor))


@router.get("/attestations/{certificate_id}")
def certificate(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, request: Request, certificate_id: int
) -> Response:
    """One certificate: what it says, its document, the address that proves it."""
    seen = service_register.see_certificate(session, actor, certificate_id)
    found = service_register.certificate(session, seen)
    return render(
        request,
        "certificates/certificate.html",
        certificate=found,
        code=rules.in_groups(found.record.code),
        seen=seen,
        revocations=service_revocations.revocations_of(session, seen) if seen.person_id == actor.person_id else (),
    )


@router.get("/attestations/{certificate_id}/pdf")
def pdf(
    actor: Annotated[Actor, may(P.CERTIFICATE_READ)], session: SessionDep, request: Request, certificate_id: int
) -> Response:
    """The document, to keep."""
    seen = service_register.see_certificate(session, actor, certificate_id)
    found = service_documents.pdf(
        session, actor, seen, Workshop.of(request.app.state.settings, request.app.state.keyring)
    )
    headers = {**attachment(found.name), "Cache-Control": "no-store"}
    return Response(found.content, media_type="application/pdf", headers=headers)


# For strangers -----------------------------------------------------------------------------------


@router.get("/verification")
def ask(
    _: Anyone, session: SessionDep, request: Request, code: Annotated[str | None, Query(max_length=500)] = None
) -> Response:
    """A form for who holds a document without its QR code; leads to the code's own page."""
    tidy = rules.tidy_code(code or "")
    if tidy is not None:
        return see_other(f"/v/{tidy}")
    return render(request, "certificates/ask.html") if not code else _answer(session, request, code)


@router.get("/v/{code}")
def verification(_: Anyone, session: SessionDep, request: Request, code: str) -> Response:
    """What the code proves; the same page for a code never given and for one that could not be."""
    return _answer(session, request, code)


@router.post("/v/{code}/fichier")
def compare(_: Anyone, session: SessionDep, request: Request, code: str, file: UploadFile) -> Response:
    """Whether a file is the document that was issued, by its SHA-256; it is read once and not kept.

    With a script, the browser compares by itself and sends nothing.
    """
    return _answer(session, request, code, digest(file.file.read()))


def _answer(session: Session, request: Request, code: str, sha256: str | None = None) -> Response:
    ring, origin = request.app.state.keyring, origin_of(request)
    try:
        found, same = service_register.same_document(session, ring, code, sha256 or "", origin=origin)
        page = render(
            request,
            "certificates/verification.html",
            found=found,
            code=rules.tidy_code(code),
            same=same,
            compared=sha256 is not None,
        )
    except NotFound as refusal:
        page = render(request, "certificates/verification.html", status=refusal.status, found=None)
    page.headers.update(PRIVATE)
    return page
