"""What a college puts on its documents, as JSON and files."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile, status

from app.certificates.branding import service, signatories
from app.certificates.branding.images import MAX_BYTES
from app.certificates.branding.schemas import Branding, Colours, NewSignatory, SignatoryList, SignatoryShown
from app.network import service as network
from app.platform.config import Settings
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["certificates"], route_class=OnceRoute)


class PictureForm(Command):
    """A multipart form: one picture, PNG or JPEG, a megabyte at most."""

    file: UploadFile

    def content(self) -> bytes:
        """Read no further than one byte above the limit."""
        return self.file.file.read(MAX_BYTES + 1)


Picture = Annotated[PictureForm, Form(media_type="multipart/form-data")]


@router.get("/colleges/{college_id}/certificate-livery", summary="A college's logo and colours")
def read_branding(actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], db: SessionDep, college_id: int) -> Branding:
    """As the next documents will have them."""
    return service.branding_of(db, network.see_college(db, actor, college_id))


@router.put("/colleges/{college_id}/certificate-livery/colours", summary="Choose a college's colours")
def set_colours(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], db: SessionDep, college_id: int, command: Colours
) -> Branding:
    """The ink must be readable on white: 422 below a contrast of 4.5 to 1."""
    return service.set_colours(db, network.see_college(db, actor, college_id), command)


@router.put("/colleges/{college_id}/certificate-livery/logo", summary="Give a college's logo")
def set_logo(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    college_id: int,
    form: Picture,
) -> Branding:
    """A PNG or a JPEG by its content; only its pixels are kept."""
    settings: Settings = request.app.state.settings
    college = network.see_college(db, actor, college_id)
    return service.set_logo(db, college, form.content(), settings.data_dir)


@router.put("/signatories/{signatory_id}/signature", summary="Give the picture of a signature")
def set_signature(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)],
    db: SessionDep,
    request: Request,
    signatory_id: int,
    form: Picture,
) -> SignatoryShown:
    """Printed above the name on the next documents; those already issued stay as they are."""
    settings: Settings = request.app.state.settings
    seen = service.see_signatory(db, actor, signatory_id)
    return service.set_signature(db, seen, form.content(), settings.data_dir)


# Signatories -------------------------------------------------------------------------------------


@router.get("/colleges/{college_id}/signatories", summary="Who signs the college's certificates")
def read_signatories(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], db: SessionDep, college_id: int
) -> SignatoryList:
    """In order of print, past and to come included."""
    college = network.see_college(db, actor, college_id)
    return SignatoryList(items=signatories.signatories(db, college))


@router.post("/colleges/{college_id}/signatories", status_code=status.HTTP_201_CREATED, summary="Add a signatory")
def add_signatory(
    actor: Annotated[Actor, may(P.CERTIFICATE_ISSUE)], db: SessionDep, college_id: int, command: NewSignatory
) -> SignatoryShown:
    """Signs from a day on, or between two; certificates already issued keep those who signed them."""
    return signatories.add_signatory(db, network.see_college(db, actor, college_id), command)
