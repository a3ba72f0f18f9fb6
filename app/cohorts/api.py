"""Cohorts over JSON: cohorts, applications, enrolments, the calendar, roll calls and catch-ups."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.access import Actor, P, may
from app.cohorts import service, service_offer
from app.cohorts import service_sessions as calendar
from app.cohorts.schemas import (
    ApplicationShown,
    ApplicationsOpen,
    ApplyCommand,
    CancelCommand,
    CapacityCommand,
    CatchUpCommand,
    CatchUpDone,
    CatchUpShown,
    CohortRef,
    CohortRow,
    EnrolmentRef,
    Missed,
    MoveCommand,
    MoveShown,
    NewCohort,
    NewSession,
    OpenCohort,
    RollCallCommand,
    SessionRow,
    Sheet,
    StaffCommand,
    Started,
)
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network import service as network

router = APIRouter(tags=["cohorts"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[str, Query(max_length=100, description="part of a name; accents and case do not matter")]

# Cohorts ----------------------------------------------------------------------------------------


@router.post("/colleges/{college_id}/cohorts", status_code=CREATED)
def open_cohort(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], session: SessionDep, college_id: int, command: NewCohort
) -> CohortRef:
    """Open a cohort pinned to a published version of a path (BR-01)."""
    return service.open_cohort(session, actor, network.college(session, college_id), command)


@router.get("/cohorts")
def cohorts(actor: Annotated[Actor, may(P.COHORT_READ)], session: SessionDep, search: Search = "") -> list[CohortRow]:
    """Cohorts within reach, newest first."""
    return service.cohorts(session, actor, search=search)


@router.get("/cohorts/open")
def open_cohorts(
    actor: Annotated[Actor, may(P.COHORT_APPLY)], session: SessionDep, search: Search = ""
) -> list[OpenCohort]:
    """Cohorts of every college that take applications; ``my_state`` tells what became of one's own."""
    return service_offer.open_cohorts(session, actor, search=search)


@router.get("/cohorts/{cohort_id}")
def cohort(actor: Annotated[Actor, may(P.COHORT_READ)], session: SessionDep, cohort_id: int) -> CohortRef:
    """One cohort."""
    return service.see_cohort(session, actor, cohort_id)


@router.put("/cohorts/{cohort_id}/applications-open")
def set_applications(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], session: SessionDep, cohort_id: int, command: ApplicationsOpen
) -> CohortRef:
    """Open or close a cohort to applications."""
    found = service.see_cohort(session, actor, cohort_id)
    return service.set_applications(session, found, is_open=command.is_open)


@router.put("/cohorts/{cohort_id}/capacity")
def set_capacity(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], session: SessionDep, cohort_id: int, command: CapacityCommand
) -> CohortRef:
    """Change the number of seats; never below those taken (409 ``seats_taken``)."""
    return service.set_capacity(session, service.see_cohort(session, actor, cohort_id), command)


@router.post("/cohorts/{cohort_id}/staff", status_code=CREATED)
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)], session: SessionDep, cohort_id: int, command: StaffCommand
) -> StaffCommand:
    """Give someone who works in the college a role in the cohort; holding it already changes nothing."""
    service.add_staff(session, actor, service.see_cohort(session, actor, cohort_id), command)
    return command


@router.post("/cohorts/{cohort_id}/start")
def start(actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], session: SessionDep, cohort_id: int) -> Started:
    """Make everyone admitted active."""
    found = service.see_cohort(session, actor, cohort_id)
    return Started(started=service.start(session, actor, found))


# Applications and enrolments --------------------------------------------------------------------


@router.post("/cohorts/{cohort_id}/applications", status_code=CREATED)
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)], session: SessionDep, cohort_id: int, command: ApplyCommand
) -> EnrolmentRef:
    """Apply for oneself to a cohort of any college that takes applications."""
    return service.apply(session, actor, service.see_open_cohort(session, cohort_id), command)


@router.get("/cohorts/{cohort_id}/applications")
def applications(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], session: SessionDep, cohort_id: int
) -> list[ApplicationShown]:
    """Applications of a cohort, oldest first, whatever became of them."""
    return service.applications(session, service.see_cohort(session, actor, cohort_id))


@router.get("/cohorts/{cohort_id}/enrolments")
def enrolments(
    actor: Annotated[Actor, may(P.ENROLMENT_READ)], session: SessionDep, cohort_id: int
) -> list[EnrolmentRef]:
    """Everyone of a cohort, by name."""
    return service.enrolments_in(session, service.see_cohort(session, actor, cohort_id))


@router.get("/enrolments/{enrolment_id}/moves")
def moves(actor: Annotated[Actor, may(P.ENROLMENT_READ)], session: SessionDep, enrolment_id: int) -> list[MoveShown]:
    """An enrolment's history, oldest first (BR-04)."""
    return service.moves(session, service.see_enrolment(session, actor, enrolment_id))


@router.post("/enrolments/{enrolment_id}/moves", status_code=CREATED)
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], session: SessionDep, enrolment_id: int, command: MoveCommand
) -> EnrolmentRef:
    """Change an enrolment's state: admit, refuse, activate, suspend, end (BR-04, BR-05)."""
    return service.move(session, actor, service.see_enrolment(session, actor, enrolment_id), command)


# Calendar and roll calls ------------------------------------------------------------------------


@router.get("/cohorts/{cohort_id}/sessions")
def sessions(actor: Annotated[Actor, may(P.SESSION_READ)], session: SessionDep, cohort_id: int) -> list[SessionRow]:
    """The cohort's sessions in order of time, cancelled ones included."""
    return calendar.calendar(session, service.see_cohort(session, actor, cohort_id))


@router.post("/cohorts/{cohort_id}/sessions", status_code=CREATED)
def schedule(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)], session: SessionDep, cohort_id: int, command: NewSession
) -> SessionRow:
    """Schedule a session for a group activity of the cohort's path."""
    return calendar.schedule(session, actor, service.see_cohort(session, actor, cohort_id), command)


@router.post("/sessions/{session_id}/cancellation", status_code=CREATED)
def cancel(
    actor: Annotated[Actor, may(P.SESSION_MANAGE)], session: SessionDep, session_id: int, command: CancelCommand
) -> SessionRow:
    """Cancel a session: it leaves the attendance base (BR-08)."""
    return calendar.cancel(session, actor, calendar.see_session(session, actor, session_id), command)


@router.get("/sessions/{session_id}/roll-call")
def sheet(actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], session: SessionDep, session_id: int) -> Sheet:
    """Everyone on the roll and, when it was called, how each was there."""
    return calendar.sheet(session, calendar.see_session(session, actor, session_id))


@router.post("/sessions/{session_id}/roll-call", status_code=CREATED)
def close_roll_call(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], session: SessionDep, session_id: int, command: RollCallCommand
) -> Sheet:
    """Close a roll call, or correct a closed one by naming the one it supersedes (409 ``stale`` otherwise)."""
    return calendar.close_roll_call(session, actor, calendar.see_session(session, actor, session_id), command)


# Catch-ups --------------------------------------------------------------------------------------


@router.get("/enrolments/{enrolment_id}/missed")
def missed(actor: Annotated[Actor, may(P.ENROLMENT_READ)], session: SessionDep, enrolment_id: int) -> list[Missed]:
    """Workshops that someone missed and may make up, oldest first."""
    return calendar.missed_by(session, service.see_enrolment(session, actor, enrolment_id))


@router.get("/enrolments/{enrolment_id}/catch-ups")
def catch_ups(
    actor: Annotated[Actor, may(P.ENROLMENT_READ)], session: SessionDep, enrolment_id: int
) -> list[CatchUpShown]:
    """An enrolment's catch-ups as they stand, by due date."""
    return calendar.catch_ups(session, service.see_enrolment(session, actor, enrolment_id))


@router.post("/enrolments/{enrolment_id}/catch-ups", status_code=CREATED)
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)], session: SessionDep, enrolment_id: int, command: CatchUpCommand
) -> CatchUpShown:
    """Give a missed workshop to make up before a date; codevelopment cannot be made up."""
    return calendar.assign_catch_up(session, actor, service.see_enrolment(session, actor, enrolment_id), command)


@router.post("/enrolments/{enrolment_id}/catch-ups/{catch_up_id}/done", status_code=CREATED)
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    session: SessionDep,
    enrolment_id: int,
    catch_up_id: int,
    command: CatchUpDone,
) -> CatchUpShown:
    """Say that a catch-up was done."""
    enrolment = service.see_enrolment(session, actor, enrolment_id)
    return calendar.finish_catch_up(session, actor, enrolment, catch_up_id, command)
