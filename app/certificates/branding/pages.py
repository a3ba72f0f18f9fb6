"""Forms of the registrar's page that set a college's logo, colours, signatories and their signatures."""

from typing import Annotated

from fastapi import Form, Response

from app.certificates.branding import service, signatories
from app.certificates.branding.api import Picture
from app.certificates.branding.schemas import Colours, NewSignatory, SignatoryChangeCommand, SignatoryRef
from app.certificates.branding.service import see_signatory
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()

IssuingCollege = Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)]
Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
CollegeSignatory = Annotated[SignatoryRef, seen(see_signatory, P.CERTIFICATE_ISSUE)]


def _redirect_to(section: str, college_id: int) -> Response:
    """Return a redirection to a section of the registrar's page."""
    return redirect_after_post(f"/colleges/{college_id}/attestations#{section}")


@router.post(
    "/colleges/{college_id}/presentation/couleurs", dependencies=[form_on("/colleges/{college_id}/attestations")]
)
def set_colours(college: IssuingCollege, db: SessionDep, command: Annotated[Colours, Form()]) -> Response:
    """Set the colours, then redirect to the branding."""
    service.set_colours(db, college, command)
    return _redirect_to("presentation", college.id)


@router.post("/colleges/{college_id}/presentation/logo", dependencies=[form_on("/colleges/{college_id}/attestations")])
def set_logo(college: IssuingCollege, db: SessionDep, files: FilesDep, form: Picture) -> Response:
    """Set the logo, then redirect to the branding."""
    service.set_logo(db, college, form.content(), files)
    return _redirect_to("presentation", college.id)


@router.post("/signataires/{signatory_id}/signature", dependencies=[form_on("/colleges/{college_id}/attestations")])
def set_signature(
    signatory: CollegeSignatory,
    db: SessionDep,
    files: FilesDep,
    form: Picture,
) -> Response:
    """Set the picture of a signature, then redirect to the branding."""
    service.set_signature(db, signatory, form.content(), files)
    return _redirect_to("presentation", signatory.college_id)


@router.post(
    "/colleges/{college_id}/signataires", dependencies=[form_on("/colleges/{college_id}/attestations", creates=True)]
)
def add_signatory(college: IssuingCollege, db: SessionDep, command: Annotated[NewSignatory, Form()]) -> Response:
    """Add a signatory, then redirect to the signatories."""
    signatories.add_signatory(db, college, command)
    return _redirect_to("signataires", college.id)


@router.post("/signataires/{signatory_id}/fin", dependencies=[form_on("/colleges/{college_id}/attestations")])
def end_signatory(
    actor: Registrar, signatory: CollegeSignatory, db: SessionDep, form: Annotated[SignatoryChangeCommand, Form()]
) -> Response:
    """End a signatory, then redirect to the signatories."""
    signatories.end_signatory(db, actor, signatory, form)
    return _redirect_to("signataires", signatory.college_id)


@router.post("/signataires/{signatory_id}/retour", dependencies=[form_on("/colleges/{college_id}/attestations")])
def take_back_signatory(
    actor: Registrar, signatory: CollegeSignatory, db: SessionDep, form: Annotated[SignatoryChangeCommand, Form()]
) -> Response:
    """Take an ended signatory back, then redirect to the signatories."""
    signatories.take_back(db, actor, signatory, form)
    return _redirect_to("signataires", signatory.college_id)
