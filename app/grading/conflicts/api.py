"""Routes of interests, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.conflicts import service
from app.grading.conflicts.schemas import AllowAssessor, DeclarantList, Declare, OwnInterests, VendorList
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)

Declarant = Annotated[Actor, may(P.INTEREST_DECLARE)]
OfCollege = Annotated[CollegeShown, seen(see_college, P.INTEREST_DECLARE)]


@router.get("/colleges/{college_id}/own-interests", summary="List one's own interests")
def read_own_interests(actor: Declarant, college: OfCollege, db: SessionDep, keyring: KeyringDep) -> OwnInterests:
    """Return what one declared in a college, latest first, with the detail that nobody else reads."""
    return service.own_interests(db, keyring, actor, college)


@router.post(
    "/colleges/{college_id}/own-interests", status_code=HTTPStatus.CREATED, summary="Declare an interest for the term"
)
def declare(
    actor: Declarant, college: OfCollege, db: SessionDep, keyring: KeyringDep, command: Declare
) -> OwnInterests:
    """Declare an enterprise, a person, a vendor, or that there is nothing.

    One judges no work that it concerns; what one judged before awaits another assessor, and nothing disappears.
    """
    return service.declare(db, keyring, actor, college, command)


@router.get("/colleges/{college_id}/declarations", summary="List who declared interests")
def read_declarations(
    college: Annotated[CollegeShown, seen(see_college, P.PANEL_MANAGE)], db: SessionDep
) -> DeclarantList:
    """Return who trains or facilitates, and whether they declared something for the term: that it exists, no more."""
    return service.declarants(db, college)


@router.get("/enrolments/{enrolment_id}/vendors", summary="List what the trainers of a cohort sell")
def read_vendors(
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)], db: SessionDep
) -> VendorList:
    """Return the vendors that those who train the cohort declared, for whoever chooses a solution."""
    return service.vendors(db, enrolment)


@router.post(
    "/enrolments/{enrolment_id}/assessor-exceptions",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Let a facilitator judge CN-11",
)
def allow_assessor(
    actor: Annotated[Actor, may(P.PANEL_MANAGE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.PANEL_MANAGE)],
    db: SessionDep,
    command: AllowAssessor,
) -> None:
    """Let whoever facilitates the person's group judge their CN-11; who decided and why stays."""
    service.allow_assessor(db, actor, enrolment, command)
