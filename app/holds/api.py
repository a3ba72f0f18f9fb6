"""Routes of holds, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.holds import service
from app.holds.schemas import HoldList, HoldPage, HoldRef, HoldsApiQuery, HoldShown, LiftHold, NewHold
from app.holds.service import see_hold
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["holds"], route_class=IdempotentRoute)

Reader = Annotated[Actor, may(P.HOLD_READ)]
Registrar = Annotated[Actor, may(P.HOLD_MANAGE)]


@router.get("/colleges/{college_id}/holds", summary="List the holds of a college")
def read_holds(
    actor: Reader,
    college: Annotated[CollegeShown, seen(see_college, P.HOLD_READ)],
    db: SessionDep,
    query: Annotated[HoldsApiQuery, Query()],
) -> HoldPage:
    """Return the holds, latest first; no certificate is issued to whoever is under an open one (BR-19)."""
    return service.college_holds(db, actor, college, query)


@router.get("/me/holds", summary="List the holds on one's own certificates")
def read_own_holds(actor: Reader, db: SessionDep) -> HoldList:
    """Return the holds on the person who asks, open and lifted, latest first, with what to do about each."""
    return HoldList(items=service.own_holds(db, actor))


@router.post("/enrolments/{enrolment_id}/holds", status_code=status.HTTP_201_CREATED, summary="Open a hold")
def open_hold(
    actor: Registrar,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.HOLD_MANAGE)],
    db: SessionDep,
    command: NewHold,
) -> HoldShown:
    """Hold someone's certificates until a formality of the college is settled, and tell them."""
    return service.open_formality(db, actor, enrolment, command)


@router.get("/holds/{hold_id}", summary="Read a hold")
def read_hold(actor: Reader, hold: Annotated[HoldRef, seen(see_hold, P.HOLD_READ)], db: SessionDep) -> HoldShown:
    """Return a hold of the college, or on one's own certificates."""
    return service.load_hold(db, actor, hold)


@router.post("/holds/{hold_id}/lift", summary="Lift a hold")
def lift_hold(
    actor: Registrar, hold: Annotated[HoldRef, seen(see_hold, P.HOLD_MANAGE)], db: SessionDep, command: LiftHold
) -> HoldShown:
    """Lift a hold, and tell the person.

    After a revocation for cause, another person than the one who revoked; 409 for a hold that a decision lifts.
    """
    return service.lift(db, actor, hold, command)
