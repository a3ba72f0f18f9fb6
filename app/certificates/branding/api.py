"""Routes that set a college's logo, colours, signatories and their signatures."""

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile, status

from app.certificates.branding import service, signatories
from app.certificates.branding.images import MAX_BYTES
from app.certificates.branding.schemas import (
    Branding,
    Colours,
    NewSignatory,
    SignatoryChangeCommand,
    SignatoryList,
    SignatoryRef,
    SignatoryShown,
)
from app.certificates.branding.service import see_signatory
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)

IssuingCollege = Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)]
Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
CollegeSignatory = Annotated[SignatoryRef, seen(see_signatory, P.CERTIFICATE_ISSUE)]


class PictureForm(Command):
    """A multipart form: one picture, PNG or JPEG, a megabyte at most."""

    file: UploadFile

    def content(self) -> bytes:
        """Return the bytes of the picture, read no further than one byte above the limit."""
        return self.file.file.read(MAX_BYTES + 1)


Picture = Annotated[PictureForm, Form(media_type="multipart/form-data")]


@router.get("/colleges/{college_id}/certificate-branding", summary="Read a college's logo and colours")
def read_branding(college: IssuingCollege, db: SessionDep) -> Branding:
    """Return the logo and colours of the next documents."""
    return service.branding_of(db, college)


@router.put("/colleges/{college_id}/certificate-branding/colours", summary="Choose a college's colours")
def set_colours(college: IssuingCollege, db: SessionDep, command: Colours) -> Branding:
    """Set the colours; the ink must be readable on white: 422 below a contrast of 4.5 to 1."""
    return service.set_colours(db, college, command)


@router.put("/colleges/{college_id}/certificate-branding/logo", summary="Upload a college's logo")
def set_logo(college: IssuingCollege, db: SessionDep, files: FilesDep, form: Picture) -> Branding:
    """Set the logo: PNG or JPEG, recognised by its content; only its pixels are stored."""
    return service.set_logo(db, college, form.content(), files)


@router.put("/signatories/{signatory_id}/signature", summary="Upload the picture of a signature")
def set_signature(
    signatory: CollegeSignatory,
    db: SessionDep,
    files: FilesDep,
    form: Picture,
) -> SignatoryShown:
    """Set the signature printed above the name on the next documents; issued documents do not change."""
    return service.set_signature(db, signatory, form.content(), files)


@router.get("/colleges/{college_id}/signatories", summary="List the signatories of a college's certificates")
def read_signatories(college: IssuingCollege, db: SessionDep) -> SignatoryList:
    """Return the signatories in order of print, past and future ones included; those that were ended stand apart."""
    return signatories.list_signatories(db, college)


@router.post("/colleges/{college_id}/signatories", status_code=status.HTTP_201_CREATED, summary="Add a signatory")
def add_signatory(college: IssuingCollege, db: SessionDep, command: NewSignatory) -> SignatoryShown:
    """Add someone who signs from a day on, or between two days; issued certificates keep their signatories."""
    return signatories.add_signatory(db, college, command)


@router.post("/signatories/{signatory_id}/end", summary="End a signatory")
def end_signatory(
    actor: Registrar, signatory: CollegeSignatory, db: SessionDep, command: SignatoryChangeCommand
) -> SignatoryShown:
    """End a signatory at once. Issued certificates do not change; what batches have still to issue is without them."""
    return signatories.end_signatory(db, actor, signatory, command)


@router.post("/signatories/{signatory_id}/return", summary="Take an ended signatory back")
def take_back_signatory(
    actor: Registrar, signatory: CollegeSignatory, db: SessionDep, command: SignatoryChangeCommand
) -> SignatoryShown:
    """Let an ended signatory sign again, on the days that they were given."""
    return signatories.take_back(db, actor, signatory, command)
