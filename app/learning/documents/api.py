"""Documents shared with a cohort as JSON, and their files."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.learning.documents import service
from app.learning.documents.schemas import DocumentShown, NewDocument, WithdrawCommand
from app.learning.documents.service import SharedFile, see_document
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.learning.uploads.service import content_of, see_document_upload
from app.platform.database.session import Session
from app.platform.errors import Invalid, NotFound, Reason
from app.platform.files.store import FileStore
from app.platform.schema import BlankIsNone
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import untrusted_file

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)
PATH = "/cohorts/{cohort_id}/activities/{code}/documents"


class DocumentForm(NewDocument):
    """A multipart form: a document, with a file, the id of an upload of the same cohort that is whole, or neither."""

    file: UploadFile | None = None
    upload_id: Annotated[int | None, BlankIsNone] = None

    @property
    def command(self) -> NewDocument:
        """The document without its file."""
        return NewDocument(**self.model_dump(exclude={"file", "upload_id"}))

    def shared_file(
        self, db: Session, actor: Actor, cohort: CohortRef, *, files: FileStore, megabytes: int
    ) -> SharedFile | None:
        """Return the file, read no further than one byte above the limit; a field left empty is none."""
        is_sent = self.file is not None and bool(self.file.filename)
        if is_sent and self.upload_id is not None:
            raise Invalid("invalid", Reason("file_sent_twice", field="file"))
        if self.upload_id is not None:
            upload = see_document_upload(db, actor, self.upload_id)
            if upload.cohort_id != cohort.id:
                raise NotFound
            return SharedFile(upload.file_name, content_of(db, upload, files), files, megabytes)
        if self.file is None or not is_sent:
            return None
        content = self.file.file.read(megabytes * MEGABYTE + 1)
        return SharedFile(clean_name(self.file.filename or ""), content, files, megabytes)


@router.get(PATH, summary="Documents of a workshop or an assessment")
def list_documents(
    db: SessionDep,
    actor: Annotated[Actor, may(P.SESSION_READ)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.SESSION_READ)],
    code: str,
) -> list[DocumentShown]:
    """Those in force, oldest first; an activity without any, and one that is not of the path, have none."""
    return service.documents(db, actor, cohort.id, code)


@router.get(PATH + "/history", summary="Every version of the documents of an activity")
def list_history(
    db: SessionDep, cohort: Annotated[CohortRef, seen(see_cohort, P.DOCUMENT_SHARE)], code: str
) -> list[DocumentShown]:
    """Versions and withdrawals, oldest first; ``supersedes_id`` says which one each replaced or withdrew."""
    return service.history(db, cohort, code)


@router.post(PATH, status_code=HTTPStatus.CREATED, summary="Share a document with a cohort")
def share_document(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.DOCUMENT_SHARE)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.DOCUMENT_SHARE)],
    code: str,
    form: Annotated[DocumentForm, Form(media_type="multipart/form-data")],
) -> DocumentShown:
    """A text, a link or a file of an activity; with ``supersedes``, a new version, which keeps the file it has.

    Another file replaces it. Files are those that hand-ins take, and photos are rewritten as theirs are. One that was
    sent in parts before is named by ``upload_id``, in place of ``file``.
    """
    file = form.shared_file(db, actor, cohort, files=files, megabytes=settings.upload_megabytes)
    return service.share(db, actor, cohort, code, form.command, file=file)


@router.get(
    "/documents/{document_id}/file",
    summary="The file of a document",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def read_document_file(
    files: FilesDep, document: Annotated[DocumentShown, seen(see_document, P.SESSION_READ)]
) -> Response:
    """Always a download, never displayed by the browser: the content is not trusted."""
    return untrusted_file(service.file_of(document, files), document.file_name or "", document.file_type)


@router.post("/documents/{document_id}/withdrawal", status_code=HTTPStatus.CREATED, summary="Withdraw a document")
def withdraw_document(
    db: SessionDep,
    actor: Annotated[Actor, may(P.DOCUMENT_SHARE)],
    document: Annotated[DocumentShown, seen(see_document, P.DOCUMENT_SHARE)],
    command: WithdrawCommand,
) -> DocumentShown:
    """It is shown to nobody of the cohort any more; its versions stay in the history."""
    return service.withdraw(db, actor, document, command)
