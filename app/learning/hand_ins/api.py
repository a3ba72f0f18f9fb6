"""Hand-ins as JSON, and the file of an attempt."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import AwareDatetime

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.schemas import ActivityCode
from app.learning.hand_ins import service
from app.learning.hand_ins.schemas import FileCommand, HandInRow, HandInShown, TextCommand
from app.learning.hand_ins.sent_file import SentFile
from app.learning.hand_ins.service import see_hand_in
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.idempotency import ALREADY_RECEIVED, IdempotentRoute, set_creation_status
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import shown_file, untrusted_file

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)


@router.post(
    "/enrolments/{enrolment_id}/hand-ins", status_code=201, responses=ALREADY_RECEIVED, summary="Hand in a text"
)
def hand_in_text(
    db: SessionDep,
    response: Response,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    command: TextCommand,
) -> HandInShown:
    """A text, and the address of the page where the work is; the same again answers 200 with the first attempt."""
    attempt, is_new = service.hand_in_text(db, actor, enrolment, command)
    set_creation_status(response, is_new=is_new)
    return attempt


class FileForm(SentFile):
    """A multipart form: one file and the activity it is for."""

    activity_code: ActivityCode
    completed_at: AwareDatetime | None = None


@router.post(
    "/enrolments/{enrolment_id}/hand-in-files", status_code=201, responses=ALREADY_RECEIVED, summary="Hand in a file"
)
def hand_in_file(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    response: Response,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> HandInShown:
    """One file an attempt (PDF, office documents, PNG, JPEG, HEIC or text); the same bytes again answer 200.

    It comes with the form, or was sent in parts before: ``upload_id`` then names the upload, in place of ``file``.

    A photo in HEIC becomes a JPEG, of 4096 pixels a side at most, and the original is not kept; a JPEG that says where
    it was taken is kept without what the phone wrote beside the picture. So ``file_name``, ``file_size`` and
    ``file_sha256`` are those of the file that is kept.
    """
    megabytes = settings.upload_megabytes
    sent = form.named(db, actor, enrolment, files=files, megabytes=megabytes)
    command = FileCommand(activity_code=form.activity_code, completed_at=form.completed_at, **sent)
    attempt, is_new = service.hand_in_file(db, actor, enrolment, command, files=files, megabytes=megabytes)
    set_creation_status(response, is_new=is_new)
    return attempt


@router.get("/enrolments/{enrolment_id}/hand-ins", summary="Attempts of an enrolment, without their texts")
def read_hand_ins(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)]
) -> list[HandInRow]:
    """By activity, then attempt; bounded by the path's assessments."""
    return service.hand_ins(db, enrolment)


@router.get("/hand-ins/{hand_in_id}", summary="An attempt with its text")
def read_hand_in(hand_in: Annotated[HandInShown, seen(see_hand_in, P.EVIDENCE_READ)]) -> HandInShown:
    """A file is described by its name, type, size and SHA-256, and downloaded apart."""
    return hand_in


@router.get(
    "/hand-ins/{hand_in_id}/file",
    summary="The file of an attempt",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def read_file(files: FilesDep, hand_in: Annotated[HandInShown, seen(see_hand_in, P.EVIDENCE_READ)]) -> Response:
    """Always a download, never displayed by the browser: the content is not trusted."""
    return untrusted_file(service.file_of(hand_in, files), hand_in.file_name or "", hand_in.file_type)


@router.get(
    "/hand-ins/{hand_in_id}/preview",
    summary="The file of an attempt, for a browser to show",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def preview_file(files: FilesDep, hand_in: Annotated[HandInShown, seen(see_hand_in, P.EVIDENCE_READ)]) -> Response:
    """A PDF, a JPEG or a PNG, whose content was checked when it came; 404 for any other type, which is downloaded."""
    return shown_file(service.file_of(hand_in, files), hand_in.file_name or "", hand_in.file_type)
