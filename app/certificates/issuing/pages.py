"""Certificates for people: the registrar's list, one's own, the document, and verification by a stranger."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from app.certificates.branding import service as branding
from app.certificates.branding import signatories
from app.certificates.issuing import service
from app.certificates.issuing.schemas import IssueCertificate
from app.certificates.register import service as register
from app.cohorts.enrolments.service import see_enrolment
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/colleges/{college_id}/attestations")
def candidates(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    college_id: int,
    search: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Who may be issued what, who not yet and why, and what has been issued."""
    college = network.see_college(db, actor, college_id)
    return render(
        request,
        "certificates/candidates.html",
        college=college,
        candidates=service.eligible(db, actor, college),
        issued=register.college_certificates(db, college, search),
        search=search,
        signatories=signatories.signatories(db, college),
        livery=branding.branding_of(db, college),
    )


@router.get("/parcours/{enrolment_id}/attestations/{kind}")
def confirm(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    enrolment_id: int,
    kind: CertificateKind,
) -> Response:
    """What would be printed, before the decision."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    record = service.proposed(db, actor, enrolment, kind)
    return render(request, "certificates/confirm.html", enrolment=enrolment, record=record)


@router.post("/parcours/{enrolment_id}/attestations")
def issue(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    enrolment_id: int,
    command: Annotated[IssueCertificate, Form()],
) -> Response:
    """The decision of the person who signs in; then the certificate."""
    settings: Settings = request.app.state.settings
    enrolment = see_enrolment(db, actor, enrolment_id)
    issued = service.issue(db, actor, enrolment, command, site=settings.base_url)
    return redirect_after_post(f"/attestations/{issued.id}")
