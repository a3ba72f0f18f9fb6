"""What a college puts on its documents, as forms of the registrar's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.certificates.branding import service, signatories
from app.certificates.branding.api import Picture
from app.certificates.branding.schemas import Colours, NewSignatory
from app.network import service as network
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post

router = APIRouter(include_in_schema=False)


def _back(college_id: int) -> Response:
    return redirect_after_post(f"/colleges/{college_id}/attestations#presentation")


@router.post("/colleges/{college_id}/presentation/couleurs")
def set_colours(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    college_id: int,
    command: Annotated[Colours, Form()],
) -> Response:
    """Choose the colours, then back to the list."""
    service.set_colours(db, network.see_college(db, actor, college_id), command)
    return _back(college_id)


@router.post("/colleges/{college_id}/presentation/logo")
def set_logo(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    college_id: int,
    form: Picture,
) -> Response:
    """Give the logo, then back to the list."""
    settings: Settings = request.app.state.settings
    college = network.see_college(db, actor, college_id)
    service.set_logo(db, college, form.content(), settings.data_dir)
    return _back(college_id)


@router.post("/signataires/{signatory_id}/signature")
def set_signature(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    signatory_id: int,
    form: Picture,
) -> Response:
    """Give the picture of a signature, then back to the list."""
    settings: Settings = request.app.state.settings
    seen = service.see_signatory(db, actor, signatory_id)
    service.set_signature(db, seen, form.content(), settings.data_dir)
    return _back(seen.college_id)


@router.post("/colleges/{college_id}/signataires")
def add_signatory(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    college_id: int,
    command: Annotated[NewSignatory, Form()],
) -> Response:
    """Add a signatory, then back to the list."""
    college = network.see_college(db, actor, college_id)
    signatories.add_signatory(db, college, command)
    return redirect_after_post(f"/colleges/{college_id}/attestations#signataires")
