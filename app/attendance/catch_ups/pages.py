"""The page of one enrolment: its state and history, what was missed, the catch-ups."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from app.attendance.catch_ups import service as calendar
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone
from app.cohorts.enrolments import service as enrolments
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post

router = APIRouter(include_in_schema=False)


@router.post("/inscriptions/{enrolment_id}/rattrapages")
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment_id: int,
    form: Annotated[CatchUpCommand, Form()],
) -> Response:
    """Give a missed workshop to make up."""
    calendar.assign_catch_up(db, actor, enrolments.see_enrolment(db, actor, enrolment_id), form)
    return redirect_after_post(f"/inscriptions/{enrolment_id}")


@router.post("/inscriptions/{enrolment_id}/rattrapages/{catch_up_id}")
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment_id: int,
    catch_up_id: int,
    form: Annotated[CatchUpDone, Form()],
) -> Response:
    """Say that it was made up."""
    found = enrolments.see_enrolment(db, actor, enrolment_id)
    calendar.finish_catch_up(db, actor, found, catch_up_id, form)
    return redirect_after_post(f"/inscriptions/{enrolment_id}")
