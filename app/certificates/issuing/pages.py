"""Pages of the registrar who issues certificates: the candidates, the confirmation, the decision."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.certificates.branding import service as branding
from app.certificates.branding import signatories
from app.certificates.issuing import candidates as candidate_lists
from app.certificates.issuing import service
from app.certificates.issuing.schemas import CandidatesQuery, IssueCertificate
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
CandidateEnrolment = Annotated[EnrolmentRef, seen(see_enrolment, P.CERTIFICATE_ISSUE)]


@router.get("/colleges/{college_id}/attestations", dependencies=[keyed_page()])
def candidates(
    actor: Registrar,
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    query: Annotated[CandidatesQuery, Query()],
) -> Response:
    """Show the candidates, and the college's signatories and branding."""
    page = candidate_lists.list_candidate_page(db, actor, college, query)
    return render(
        request,
        "certificates/candidates.html",
        college=college,
        candidates=ListView(f"/colleges/{college.id}/attestations", query, page),
        signatories=signatories.list_signatories(db, college),
        branding=branding.branding_of(db, college),
    )


@router.get("/parcours/{enrolment_id}/attestations/{kind}")
def confirm(
    actor: Registrar, enrolment: CandidateEnrolment, db: SessionDep, request: Request, kind: CertificateKind
) -> Response:
    """Show what would be printed, before the decision."""
    record = service.preview_record(db, actor, enrolment, kind)
    return render(request, "certificates/confirm.html", enrolment=enrolment, record=record)


@router.post(
    "/parcours/{enrolment_id}/attestations", dependencies=[form_on("/parcours/{enrolment_id}/attestations/{kind}")]
)
def issue(
    actor: Registrar,
    enrolment: CandidateEnrolment,
    db: SessionDep,
    settings: SettingsDep,
    command: Annotated[IssueCertificate, Form()],
) -> Response:
    """Issue a certificate by decision of the signed-in person, then redirect to it."""
    issued = service.issue(db, actor, enrolment, command, site=settings.base_url)
    return redirect_after_post(f"/attestations/{issued.id}")
