"""The forms of catch-ups on the page of an enrolment."""

from typing import Annotated

from fastapi import Form, Response

from app.attendance.catch_ups import service
from app.attendance.catch_ups.schemas import CatchUpCommand, CatchUpDone, CatchUpRef
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


@router.post(
    "/inscriptions/{enrolment_id}/rattrapages", dependencies=[form_on("/inscriptions/{enrolment_id}", creates=True)]
)
def assign_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ROLLCALL_RECORD)],
    form: Annotated[CatchUpCommand, Form()],
) -> Response:
    """Assign a missed workshop to make up."""
    service.assign_catch_up(db, actor, enrolment, form)
    return redirect_after_post(f"/inscriptions/{enrolment.id}")


@router.post(
    "/inscriptions/{enrolment_id}/rattrapages/{catch_up_id}", dependencies=[form_on("/inscriptions/{enrolment_id}")]
)
def finish_catch_up(
    actor: Annotated[Actor, may(P.ROLLCALL_RECORD)],
    db: SessionDep,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ROLLCALL_RECORD)],
    catch_up: Annotated[CatchUpRef, seen(service.see_catch_up, P.ROLLCALL_RECORD)],
    form: Annotated[CatchUpDone, Form()],
) -> Response:
    """Record that a catch-up was done."""
    if catch_up.enrolment_id != enrolment.id:
        raise NotFound
    service.finish_catch_up(db, actor, enrolment, catch_up, form)
    return redirect_after_post(f"/inscriptions/{enrolment.id}")
