"""Activities done, hand-ins and field hours as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile, status
from pydantic import AwareDatetime

from app.access import Actor, P, may
from app.cohorts.service import see_enrolment
from app.config import Settings
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.learning import service, service_hand_ins, service_hours
from app.learning.rules import MEGABYTE, clean_name
from app.learning.schemas import (
    Code,
    CompletionCommand,
    CompletionShown,
    CountersignCommand,
    FileCommand,
    HandInRow,
    HandInShown,
    HoursCommand,
    HoursShown,
    TextCommand,
)
from app.web import Command, attachment

router = APIRouter(tags=["learning"], route_class=OnceRoute)

AGAIN: dict[int | str, dict[str, Any]] = {200: {"description": "Already received: the same content sent again"}}


def _status(response: Response, *, is_new: bool) -> None:
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK


@router.post(
    "/enrolments/{enrolment_id}/completions", status_code=201, summary="Mark an activity done, or take it back"
)
def complete(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)], session: SessionDep, enrolment_id: int, command: CompletionCommand
) -> CompletionShown:
    """Only activities done alone (``self_study``); saying the same again changes nothing."""
    return service.complete(session, actor, see_enrolment(session, actor, enrolment_id), command)


@router.get("/enrolments/{enrolment_id}/completions", summary="What was marked done")
def read_completions(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, enrolment_id: int
) -> list[CompletionShown]:
    """The last word on each activity done alone."""
    return service.completions(session, see_enrolment(session, actor, enrolment_id))


# Hand-ins ---------------------------------------------------------------------------------------


@router.post("/enrolments/{enrolment_id}/hand-ins", status_code=201, responses=AGAIN, summary="Hand in a text")
def hand_in_text(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    session: SessionDep,
    response: Response,
    enrolment_id: int,
    command: TextCommand,
) -> HandInShown:
    """An attempt at an assessment; the same text sent again answers 200 with the attempt it already is."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    shown, is_new = service_hand_ins.hand_in_text(session, actor, enrolment, command)
    _status(response, is_new=is_new)
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
    session: SessionDep,
    request: Request,
    response: Response,
    enrolment_id: int,
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> HandInShown:
    """One file an attempt (PDF, office documents, PNG, JPEG or text); the same bytes again answer 200."""
    settings: Settings = request.app.state.settings
    enrolment = see_enrolment(session, actor, enrolment_id)
    shown, is_new = service_hand_ins.hand_in_file(
        session, actor, enrolment, form.command(settings), root=settings.data_dir, megabytes=settings.upload_megabytes
    )
    _status(response, is_new=is_new)
    return shown


@router.get("/enrolments/{enrolment_id}/hand-ins", summary="Attempts of an enrolment, without their texts")
def read_hand_ins(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, enrolment_id: int
) -> list[HandInRow]:
    """By activity, then attempt; bounded by the path's assessments."""
    return service_hand_ins.hand_ins(session, see_enrolment(session, actor, enrolment_id))


@router.get("/hand-ins/{hand_in_id}", summary="An attempt with its text")
def read_hand_in(actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, hand_in_id: int) -> HandInShown:
    """A file is described here and downloaded apart."""
    return service_hand_ins.see_hand_in(session, actor, hand_in_id)


@router.get(
    "/hand-ins/{hand_in_id}/file",
    summary="The file of an attempt",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def read_file(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, request: Request, hand_in_id: int
) -> Response:
    """Always a download, never shown in place: it may hold anything its author put in it."""
    settings: Settings = request.app.state.settings
    hand_in = service_hand_ins.see_hand_in(session, actor, hand_in_id)
    content = service_hand_ins.file_of(hand_in, settings.data_dir)
    headers = {
        **attachment(hand_in.file_name or ""),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=hand_in.file_type, headers=headers)


# Field hours ------------------------------------------------------------------------------------


@router.post("/enrolments/{enrolment_id}/field-hours", status_code=201, responses=AGAIN, summary="Declare field hours")
def declare_hours(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    session: SessionDep,
    response: Response,
    enrolment_id: int,
    command: HoursCommand,
) -> HoursShown:
    """Never above the plan of the activity (BR-06); the same declaration sent again answers 200."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    shown, is_new = service_hours.declare_hours(session, actor, enrolment, command)
    _status(response, is_new=is_new)
    return shown


@router.get("/enrolments/{enrolment_id}/field-hours", summary="Hours an enrolment declared")
def read_hours(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, enrolment_id: int
) -> list[HoursShown]:
    """Oldest first, with the countersignature in force."""
    return service_hours.hours_of(session, see_enrolment(session, actor, enrolment_id))


@router.get("/colleges/{college_id}/field-hours/pending", summary="Hours to countersign")
def read_pending_hours(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], session: SessionDep, college_id: int
) -> list[HoursShown]:
    """Oldest first; bounded by what the people of a college may declare."""
    return service_hours.hours_to_countersign(session, actor, college_id=college_id)


@router.post("/field-hours/{hours_id}/countersignature", status_code=201, summary="Accept or refuse declared hours")
def countersign(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    session: SessionDep,
    hours_id: int,
    command: CountersignCommand,
) -> HoursShown:
    """A refusal says why; a later decision names the one it supersedes, and why."""
    return service_hours.countersign(session, actor, service_hours.see_hours(session, actor, hours_id), command)
