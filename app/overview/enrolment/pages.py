"""The HTML page of an enrolment: its state and history, what was missed, the catch-ups."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.attendance.catch_ups.service import catch_ups, missed_by
from app.cohorts.enrolments.history import moves
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import reaches, see_enrolment
from app.cohorts.rules import NEEDS_REASON, allowed_moves
from app.curricula.library import curriculum_of
from app.overview.enrolment.service import departure_effects
from app.overview.late_join.quorums import own_out_of_reach
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms.one_time import keyed_page
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)

CATCH_UP_TIME = timedelta(weeks=2)
"""The time proposed to make up a workshop; the trainer may choose another day."""


@router.get("/inscriptions/{enrolment_id}", dependencies=[keyed_page()])
def show_enrolment(
    request: Request,
    actor: Annotated[Actor, may(P.ENROLMENT_READ)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_READ)],
) -> Response:
    """Show an enrolment: its state, history, missed workshops and catch-ups."""
    values = {**_enrolment_context(db, enrolment), **_allowed_changes(db, actor, enrolment)}
    return render(request, "cohorts/enrolment.html", **values)


def _enrolment_context(db: Session, enrolment: EnrolmentRef) -> dict[str, Any]:
    day = today(enrolment.timezone)
    return {
        "enrolment": enrolment,
        "moves": moves(db, enrolment),
        "missed": missed_by(db, enrolment),
        "catch_ups": catch_ups(db, enrolment),
        "codev": own_out_of_reach(db, enrolment),
        "titles": {a.code: a.title.text for a in curriculum_of(enrolment).activities},
        "today": day,
        "proposed": day + CATCH_UP_TIME,
    }


def _allowed_changes(db: Session, actor: Actor, enrolment: EnrolmentRef) -> dict[str, Any]:
    """Return what the actor may change on the page: the state, the catch-ups."""
    is_other = enrolment.person_id != actor.person_id
    may_move = is_other and reaches(db, actor, P.ENROLMENT_MANAGE, enrolment)
    next_states = allowed_moves(enrolment.state, begun=enrolment.joined_on is not None)
    return {
        "next_states": sorted(next_states) if may_move else [],
        "needs_reason": NEEDS_REASON,
        "departure": departure_effects(db, enrolment) if may_move else None,
        "may_transfer": is_other and reaches(db, actor, P.TRANSFER_MANAGE, enrolment),
        "may_assign_catch_ups": reaches(db, actor, P.ROLLCALL_RECORD, enrolment),
    }
