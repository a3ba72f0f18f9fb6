"""The page of one enrolment: its state and history, what was missed, the catch-ups."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, Permission, may
from app.cohorts import service
from app.cohorts import service_sessions as calendar
from app.cohorts.rules import MOVES, NEEDS_REASON
from app.cohorts.schemas import CatchUpCommand, CatchUpDone, EnrolmentRef, MoveCommand
from app.curricula.library import default_library
from app.db import Session, SessionDep
from app.errors import NotFound
from app.text import today
from app.web import render, see_other

router = APIRouter(include_in_schema=False)

CATCH_UP_TIME = timedelta(weeks=2)
"""Proposed to make up a workshop; whoever gives it may choose another day."""


@router.get("/inscriptions/{enrolment_id}")
def enrolment(
    request: Request, actor: Annotated[Actor, may(P.ENROLMENT_READ)], session: SessionDep, enrolment_id: int
) -> Response:
    """An enrolment: state, history, missed workshops and catch-ups."""
    found = service.see_enrolment(session, actor, enrolment_id)
    return render(request, "cohorts/enrolment.html", **_enrolment(session, found), **_gestures(session, actor, found))


def _enrolment(session: Session, found: EnrolmentRef) -> dict[str, Any]:
    curriculum = default_library().curriculum(found.curriculum_slug, found.curriculum_version)
    day = today(found.timezone)
    return {
        "enrolment": found,
        "moves": service.moves(session, found),
        "missed": calendar.missed_by(session, found),
        "catch_ups": calendar.catch_ups(session, found),
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": day,
        "proposed": day + CATCH_UP_TIME,
    }


def _gestures(session: Session, actor: Actor, found: EnrolmentRef) -> dict[str, Any]:
    """What the actor may change here: the state, the catch-ups."""
    return {
        "next_states": sorted(MOVES[found.state]) if _reaches(session, actor, P.ENROLMENT_MANAGE, found) else [],
        "needs_reason": NEEDS_REASON,
        "gives_catch_ups": _reaches(session, actor, P.ROLLCALL_RECORD, found),
    }


def _reaches(session: Session, actor: Actor, permission: Permission, found: EnrolmentRef) -> bool:
    try:
        service.see_enrolment(session, actor.using(permission), found.id)
    except NotFound:
        return False
    return True


@router.post("/inscriptions/{enrolment_id}/etat")
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    session: SessionDep,
    enrolment_id: int,
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Change the enrolment's state."""
    service.move(session, actor, service.see_enrolment(session, actor, enrolment_id), form)
    return see_other(f"/inscriptions/{enrolment_id}")


@router.post("/inscriptions/{enrolment_id}/rattrapages")
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    session: SessionDep,
    enrolment_id: int,
    form: Annotated[CatchUpCommand, Form()],
) -> Response:
    """Give a missed workshop to make up."""
    calendar.assign_catch_up(session, actor, service.see_enrolment(session, actor, enrolment_id), form)
    return see_other(f"/inscriptions/{enrolment_id}")


@router.post("/inscriptions/{enrolment_id}/rattrapages/{catch_up_id}")
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    session: SessionDep,
    enrolment_id: int,
    catch_up_id: int,
    form: Annotated[CatchUpDone, Form()],
) -> Response:
    """Say that it was made up."""
    found = service.see_enrolment(session, actor, enrolment_id)
    calendar.finish_catch_up(session, actor, found, catch_up_id, form)
    return see_other(f"/inscriptions/{enrolment_id}")
