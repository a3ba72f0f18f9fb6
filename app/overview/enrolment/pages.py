"""The page of one enrolment: its state and history, what was missed, the catch-ups."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.attendance.catch_ups import service as calendar
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.rules import MOVES, NEEDS_REASON
from app.curricula.library import default_library
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P, Permission
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)

CATCH_UP_TIME = timedelta(weeks=2)
"""Proposed to make up a workshop; whoever gives it may choose another day."""


@router.get("/inscriptions/{enrolment_id}")
def enrolment(
    request: Request, actor: Annotated[Actor, may(P.ENROLMENT_READ)], db: SessionDep, enrolment_id: int
) -> Response:
    """An enrolment: state, history, missed workshops and catch-ups."""
    found = enrolments.see_enrolment(db, actor, enrolment_id)
    return render(request, "cohorts/enrolment.html", **_enrolment(db, found), **_gestures(db, actor, found))


def _enrolment(db: Session, found: EnrolmentRef) -> dict[str, Any]:
    curriculum = default_library().curriculum(found.curriculum_slug, found.curriculum_version)
    day = today(found.timezone)
    return {
        "enrolment": found,
        "moves": enrolments.moves(db, found),
        "missed": calendar.missed_by(db, found),
        "catch_ups": calendar.catch_ups(db, found),
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": day,
        "proposed": day + CATCH_UP_TIME,
    }


def _gestures(db: Session, actor: Actor, found: EnrolmentRef) -> dict[str, Any]:
    """What the actor may change here: the state, the catch-ups."""
    return {
        "next_states": sorted(MOVES[found.state]) if _reaches(db, actor, P.ENROLMENT_MANAGE, found) else [],
        "needs_reason": NEEDS_REASON,
        "gives_catch_ups": _reaches(db, actor, P.ROLLCALL_RECORD, found),
    }


def _reaches(db: Session, actor: Actor, permission: Permission, found: EnrolmentRef) -> bool:
    try:
        enrolments.see_enrolment(db, actor.using(permission), found.id)
    except NotFound:
        return False
    return True
