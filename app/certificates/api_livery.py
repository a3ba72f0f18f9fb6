"""What a college puts on its documents, as JSON and files."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile

from app.access import Actor, P, may
from app.certificates import service_livery
from app.certificates.rules_images import MAX_BYTES
from app.certificates.schemas import Colours, Livery, SignatoryShown
from app.config import Settings
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network import service as network
from app.web import Command

router = APIRouter(tags=["certificates"], route_class=OnceRoute)


class PictureForm(Command):
    """A multipart form: one picture, PNG or JPEG, a megabyte at most."""

    file: UploadFile

    def content(self) -> bytes:
        """Read no further than one byte above the limit."""
        return self.file.file.read(MAX_BYTES + 1)


Picture = Annotated[PictureForm, Form(media_type="multipart/form-data")]


@router.get("/colleges/{college_id}/certificate-livery", summary="A college's logo and colours")
def read_livery(actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], session: SessionDep, college_id: int) -> Livery:
    """As the next documents will have them."""
    return service_livery.livery(session, network.see_college(session, actor, college_id))


@router.put("/colleges/{college_id}/certificate-livery/colours", summary="Choose a college's colours")
def set_colours(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], session: SessionDep, college_id: int, command: Colours
) -> Livery:
    """The ink must be readable on white: 422 below a contrast of 4.5 to 1."""
    return service_livery.set_colours(session, network.see_college(session, actor, college_id), command)


@router.put("/colleges/{college_id}/certificate-livery/logo", summary="Give a college's logo")
def set_logo(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    college_id: int,
    form: Picture,
) -> Livery:
    """A PNG or a JPEG by its content; only its pixels are kept."""
    settings: Settings = request.app.state.settings
    college = network.see_college(session, actor, college_id)
    return service_livery.set_logo(session, college, form.content(), settings.data_dir)


@router.put("/signatories/{signatory_id}/signature", summary="Give the picture of a signature")
def set_signature(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    session: SessionDep,
    request: Request,
    signatory_id: int,
    form: Picture,
) -> SignatoryShown:
    """Printed above the name on the next documents; those already issued stay as they are."""
    settings: Settings = request.app.state.settings
    seen = service_livery.see_signatory(session, actor, signatory_id)
    return service_livery.set_signature(session, seen, form.content(), settings.data_dir)
