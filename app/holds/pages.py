"""Pages of holds: those of a college, one of them, and those on a person with the form that opens another."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.holds import rules, service
from app.holds.enums import HoldKind, HoldState
from app.holds.schemas import HoldRef, HoldsQuery, LiftHold, NewHold
from app.holds.service import see_hold
from app.network import service as network
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Reader = Annotated[Actor, may(P.HOLD_READ)]
Registrar = Annotated[Actor, may(P.HOLD_MANAGE)]
HeldEnrolment = Annotated[EnrolmentRef, seen(see_enrolment, P.HOLD_MANAGE)]
ON_PERSON = "/parcours/{enrolment_id}/retenues"
HOLD = "/retenues/{hold_id}"


@router.get("/colleges/{college_id}/retenues")
def list_holds(
    actor: Reader,
    college: Annotated[CollegeShown, seen(see_college, P.HOLD_READ)],
    db: SessionDep,
    request: Request,
    query: Annotated[HoldsQuery, Query()],
) -> Response:
    """Show the holds of a college, those that are open first."""
    page = service.list_holds(db, actor, college, query)
    return render(
        request,
        "holds/list.html",
        college=college,
        holds=ListView(f"/colleges/{college.id}/retenues", query, page),
        states=tuple(HoldState),
        kinds=tuple(HoldKind),
    )


@router.get(ON_PERSON, dependencies=[keyed_page()])
def on_person(actor: Registrar, enrolment: HeldEnrolment, db: SessionDep, request: Request) -> Response:
    """Show the holds on a person, with the form that opens one for a formality."""
    return render(
        request,
        "holds/person.html",
        enrolment=enrolment,
        holds=service.holds_on(db, actor, enrolment),
    )


@router.post(ON_PERSON, dependencies=[form_on(ON_PERSON, creates=True)])
def open_hold(
    actor: Registrar, enrolment: HeldEnrolment, db: SessionDep, command: Annotated[NewHold, Form()]
) -> Response:
    """Open a hold, then show it."""
    hold = service.open_formality(db, actor, enrolment, command)
    return redirect_after_post(HOLD.format(hold_id=hold.id))


@router.get(HOLD)
def read_hold(
    actor: Reader, hold: Annotated[HoldRef, seen(see_hold, P.HOLD_READ)], db: SessionDep, request: Request
) -> Response:
    """Show a hold, with the form that lifts it for the registrar who may."""
    shown = service.load_hold(db, actor, hold)
    college = network.college(db, hold.college_id)
    own = hold.person_id == actor.person_id
    lifts = actor.can(P.HOLD_MANAGE) and not own and shown.lifted_at is None and hold.kind in rules.LIFTED_BY_HAND
    return render(request, "holds/hold.html", hold=shown, college=college, own=own, lifts=lifts)


@router.post(HOLD + "/levee", dependencies=[form_on(HOLD)])
def lift(
    actor: Registrar,
    hold: Annotated[HoldRef, seen(see_hold, P.HOLD_MANAGE)],
    db: SessionDep,
    command: Annotated[LiftHold, Form()],
) -> Response:
    """Lift a hold, then show it."""
    service.lift(db, actor, hold, command)
    return redirect_after_post(HOLD.format(hold_id=hold.id))
