"""Files sent in parts, as JSON: the headers are named as in tus 1.0.0, the parts are bytes."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.learning.uploads import service
from app.learning.uploads.schemas import UploadCommand, UploadShown
from app.learning.uploads.service import see_document_upload, see_upload
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.idempotency import ALREADY_RECEIVED, IdempotentRoute, set_creation_status
from app.platform.web.incoming.parameters import PART

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)
Offset = Annotated[int, Header(ge=0, description="How much was received before this part.")]
PartContent = Annotated[bytes, Body(media_type=PART.decode())]


def _with_offset(response: Response, upload: UploadShown) -> UploadShown:
    """Return an upload; the headers repeat how much of it was received."""
    response.headers["Upload-Offset"] = str(upload.received)
    response.headers["Upload-Length"] = str(upload.file_size)
    return upload


def _started(response: Response, upload: UploadShown, collection: str, *, is_new: bool) -> UploadShown:
    """Return an upload that was begun, or goes on, with the address that its parts go to."""
    set_creation_status(response, is_new=is_new)
    response.headers["Location"] = f"/api/v1/{collection}/{upload.id}"
    return _with_offset(response, upload)


@router.post(
    "/enrolments/{enrolment_id}/uploads",
    status_code=201,
    responses=ALREADY_RECEIVED,
    summary="Begin or resume a file sent in parts",
)
def start_upload(
    *,
    db: SessionDep,
    settings: SettingsDep,
    response: Response,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    command: UploadCommand,
) -> UploadShown:
    """Answer 200 with how much was received where the same file was begun within a day: it goes on from there.

    Once ``state`` is ``whole``, hand the file in by naming its ``upload_id``.
    """
    upload, is_new = service.start_upload(db, actor, enrolment, command, megabytes=settings.upload_megabytes)
    return _started(response, upload, "uploads", is_new=is_new)


@router.get("/uploads/{upload_id}", summary="How much of a file was received")
def read_upload(response: Response, upload: Annotated[UploadShown, seen(see_upload, P.ACTIVITY_DO)]) -> UploadShown:
    """After a cut, send on from ``received``, which ``Upload-Offset`` repeats; 410 after a day."""
    return _with_offset(response, upload)


@router.patch("/uploads/{upload_id}", summary="Send the next part of a file")
def append_part(
    *,
    db: SessionDep,
    files: FilesDep,
    response: Response,
    upload: Annotated[UploadShown, seen(see_upload, P.ACTIVITY_DO)],
    upload_offset: Offset,
    content: PartContent,
) -> UploadShown:
    """A megabyte at most, kept whole or not at all; 409 ``upload_offset`` where it does not follow what was received.

    The last part decides whether the file is ``whole``, or ``damaged``: not the one that was declared.
    """
    return _with_offset(response, service.append_part(db, upload, upload_offset, content, files))


@router.post(
    "/cohorts/{cohort_id}/document-uploads",
    status_code=201,
    responses=ALREADY_RECEIVED,
    summary="Begin or resume a file of a document sent in parts",
)
def start_document_upload(
    *,
    db: SessionDep,
    settings: SettingsDep,
    response: Response,
    actor: Annotated[Actor, may(P.DOCUMENT_SHARE)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.DOCUMENT_SHARE)],
    command: UploadCommand,
) -> UploadShown:
    """As for an enrolment; once ``state`` is ``whole``, share the document by naming its ``upload_id``."""
    upload, is_new = service.start_document_upload(db, actor, cohort, command, megabytes=settings.upload_megabytes)
    return _started(response, upload, "document-uploads", is_new=is_new)


@router.get("/document-uploads/{upload_id}", summary="How much of a document's file was received")
def read_document_upload(
    response: Response, upload: Annotated[UploadShown, seen(see_document_upload, P.DOCUMENT_SHARE)]
) -> UploadShown:
    """After a cut, send on from ``received``, which ``Upload-Offset`` repeats; 410 after a day."""
    return _with_offset(response, upload)


@router.patch("/document-uploads/{upload_id}", summary="Send the next part of a document's file")
def append_document_part(
    *,
    db: SessionDep,
    files: FilesDep,
    response: Response,
    upload: Annotated[UploadShown, seen(see_document_upload, P.DOCUMENT_SHARE)],
    upload_offset: Offset,
    content: PartContent,
) -> UploadShown:
    """A megabyte at most; 409 ``upload_offset`` where it does not follow what was received."""
    return _with_offset(response, service.append_part(db, upload, upload_offset, content, files))
