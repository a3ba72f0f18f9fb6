"""Traces of a team as JSON, and their files."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.team_traces import service
from app.grading.team_traces.schemas import TeamCommand, TeamTrace, TeamTraceRow, TraceRef, TraceTeam
from app.grading.team_traces.service import see_team_trace, see_trace
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import untrusted_file

router = APIRouter(tags=["learning"])


@router.get("/hand-ins/{hand_in_id}/team", summary="The team of a trace")
def read_team(db: SessionDep, trace: Annotated[TraceRef, seen(see_trace, P.EVIDENCE_READ)]) -> TraceTeam:
    """Who follows the cohort of its author, and whom the author named; 404 where no team does the activity."""
    return service.team_of(db, trace)


@router.put("/hand-ins/{hand_in_id}/team", summary="Name the team of a trace")
def name_team(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    trace: Annotated[TraceRef, seen(see_trace, P.ACTIVITY_DO)],
    command: TeamCommand,
) -> TraceTeam:
    """The whole team, by enrolments in the author's cohort: those who are new are told, the same again changes nothing.

    409 `trace_judged` once a judgement rests on the trace. Who said that they are not of the team is not named again.
    """
    return service.name_team(db, actor, trace, command)


@router.get("/enrolments/{enrolment_id}/team-traces", summary="Traces deposited for one's teams, without their texts")
def read_team_traces(
    db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)]
) -> list[TeamTraceRow]:
    """Those that name the enrolment, while it follows the cohort; they count in no progress."""
    return service.team_traces(db, enrolment)


@router.get("/team-traces/{share_id}", summary="A trace of one's team with its text")
def read_team_trace(trace: Annotated[TeamTrace, seen(see_team_trace, P.EVIDENCE_READ)]) -> TeamTrace:
    """A file is described by its name, type, size and SHA-256, and downloaded apart."""
    return trace


@router.get(
    "/team-traces/{share_id}/file",
    summary="The file of a trace of one's team",
    response_class=Response,
    responses=download("application/octet-stream", "The file as it is kept"),
)
def read_team_file(files: FilesDep, trace: Annotated[TeamTrace, seen(see_team_trace, P.EVIDENCE_READ)]) -> Response:
    """Always a download, never displayed by the browser: the content is not trusted."""
    return untrusted_file(service.file_of(trace, files), trace.file_name or "", trace.file_type)


@router.delete(
    "/team-traces/{share_id}", status_code=HTTPStatus.NO_CONTENT, summary="Say that one is not of the team of a trace"
)
def leave_team(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    trace: Annotated[TeamTrace, seen(see_team_trace, P.ACTIVITY_DO)],
) -> None:
    """One no longer reads it, and its author cannot name one again; 409 `trace_judged` once one was judged on it."""
    service.leave_team(db, actor, trace)
