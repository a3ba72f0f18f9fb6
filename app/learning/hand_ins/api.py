"""Activities done, hand-ins and field hours as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import AwareDatetime

from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.api import creation_status
from app.learning.activities.schemas import Code
from app.learning.hand_ins import service
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.learning.hand_ins.schemas import FileCommand, HandInRow, HandInShown, TextCommand
from app.platform.config import Settings
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute
from app.platform.web.pages import attachment

router = APIRouter(tags=["learning"], route_class=OnceRoute)

AGAIN: dict[int | str, dict[str, Any]] = {200: {"description": "Already received: the same content sent again"}}


# Hand-ins ---------------------------------------------------------------------------------------


@router.post("/enrolments/{enrolment_id}/hand-ins", status_code=201, responses=AGAIN, summary="Hand in a text")
def hand_in_text(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    response: Response,
    enrolment_id: int,
    command: TextCommand,
) -> HandInShown:
    """An attempt at an assessment; the same text sent again answers 200 with the attempt it already is."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    shown, is_new = service.hand_in_text(db, actor, enrolment, command)
    creation_status(response, is_new=is_new)
    return shown


class FileForm(Command):
    """A multipart form: one file and the activity it is for."""

    activity_code: Code
    file: UploadFile
    completed_at: AwareDatetime | None = None

    def command(self, settings: Settings) -> FileCommand:
        """The file as the service takes it, read no further than one byte above the limit."""
        content = self.file.file.read(settings.upload_megabytes * MEGABYTE + 1)
        return FileCommand(
            activity_code=self.activity_code,
            name=clean_name(self.file.filename or ""),
            content=content,
            completed_at=self.completed_at,
        )


@router.post("/enrolments/{enrolment_id}/hand-in-files", status_code=201, responses=AGAIN, summary="Hand in a file")
def hand_in_file(
    *,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    request: Request,
    response: Response,
    enrolment_id: int,
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> HandInShown:
    """One file an attempt (PDF, office documents, PNG, JPEG or text); the same bytes again answer 200."""
    settings: Settings = request.app.state.settings
    enrolment = see_enrolment(db, actor, enrolment_id)
    shown, is_new = service.hand_in_file(
        db, actor, enrolment, form.command(settings), root=settings.data_dir, megabytes=settings.upload_megabytes
    )
    creation_status(response, is_new=is_new)
    return shown


@router.get("/enrolments/{enrolment_id}/hand-ins", summary="Attempts of an enrolment, without their texts")
def read_hand_ins(actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, enrolment_id: int) -> list[HandInRow]:
    """By activity, then attempt; bounded by the path's assessments."""
    return service.hand_ins(db, see_enrolment(db, actor, enrolment_id))


@router.get("/hand-ins/{hand_in_id}", summary="An attempt with its text")
def read_hand_in(actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, hand_in_id: int) -> HandInShown:
    """A file is described here and downloaded apart."""
    return service.see_hand_in(db, actor, hand_in_id)


@router.get(
    "/hand-ins/{hand_in_id}/file",
    summary="The file of an attempt",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def read_file(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, request: Request, hand_in_id: int
) -> Response:
    """Always a download, never shown in place: it may hold anything its author put in it."""
    settings: Settings = request.app.state.settings
    hand_in = service.see_hand_in(db, actor, hand_in_id)
    content = service.file_of(hand_in, settings.data_dir)
    headers = {
        **attachment(hand_in.file_name or ""),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=hand_in.file_type, headers=headers)
