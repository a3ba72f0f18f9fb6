"""What a college puts on its documents, as forms of the registrar's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, may
from app.certificates import service_livery
from app.certificates.api_livery import Picture
from app.certificates.schemas import Colours
from app.config import Settings
from app.db import SessionDep
from app.network import service as network
from app.web import see_other

router = APIRouter(include_in_schema=False)


def _back(college_id: int) -> Response:
    return see_other(f"/colleges/{college_id}/attestations#presentation")


@router.post("/colleges/{college_id}/presentation/couleurs")
def set_colours(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    college_id: int,
    command: Annotated[Colours, Form()],
) -> Response:
    """Choose the colours, then back to the list."""
    service_livery.set_colours(session, network.see_college(session, actor, college_id), command)
    return _back(college_id)


@router.post("/colleges/{college_id}/presentation/logo")
def set_logo(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    college_id: int,
    form: Picture,
) -> Response:
    """Give the logo, then back to the list."""
    settings: Settings = request.app.state.settings
    college = network.see_college(session, actor, college_id)
    service_livery.set_logo(session, college, form.content(), settings.data_dir)
    return _back(college_id)


@router.post("/signataires/{signatory_id}/signature")
def set_signature(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    signatory_id: int,
    form: Picture,
) -> Response:
    """Give the picture of a signature, then back to the list."""
    settings: Settings = request.app.state.settings
    seen = service_livery.see_signatory(session, actor, signatory_id)
    service_livery.set_signature(session, seen, form.content(), settings.data_dir)
    return _back(seen.college_id)
