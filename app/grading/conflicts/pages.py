"""Pages of interests: one's own, who declared in a college, what trainers sell, the exception for a facilitator."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.accompaniment.interests.enums import InterestKind
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.conflicts import service
from app.grading.conflicts.schemas import AllowAssessor, Declare
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Declarant = Annotated[Actor, may(P.INTEREST_DECLARE)]
OfCollege = Annotated[CollegeShown, seen(see_college, P.INTEREST_DECLARE)]
Manager = Annotated[Actor, may(P.PANEL_MANAGE)]
ManagedEnrolment = Annotated[EnrolmentRef, seen(see_enrolment, P.PANEL_MANAGE)]
OWN = "/colleges/{college_id}/mes-interets"
EXCEPTION = "/parcours/{enrolment_id}/exception-animation"


@router.get(OWN, dependencies=[keyed_page()])
def own_interests(
    request: Request, actor: Declarant, college: OfCollege, db: SessionDep, keyring: KeyringDep
) -> Response:
    """Show one's own interests, with the form that declares another."""
    return render(
        request,
        "grading/interests.html",
        college=college,
        own=service.own_interests(db, keyring, actor, college),
        people=service.people_to_name(db, actor, college),
        kinds=tuple(InterestKind),
    )


@router.post(OWN, dependencies=[form_on(OWN, creates=True)])
def declare(
    actor: Declarant,
    college: OfCollege,
    db: SessionDep,
    keyring: KeyringDep,
    command: Annotated[Declare, Form()],
) -> Response:
    """Declare an interest, then show one's own."""
    service.declare(db, keyring, actor, college, command)
    return redirect_after_post(OWN.format(college_id=college.id))


@router.get("/colleges/{college_id}/interets")
def declarations(
    request: Request, college: Annotated[CollegeShown, seen(see_college, P.PANEL_MANAGE)], db: SessionDep
) -> Response:
    """Show who declared something for the term: that it exists, no more."""
    return render(request, "grading/declarations.html", college=college, declarants=service.declarants(db, college))


@router.get("/parcours/{enrolment_id}/fournisseurs")
def vendors(
    request: Request, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)], db: SessionDep
) -> Response:
    """Show what those who train the cohort sell, to whoever chooses a solution."""
    return render(request, "grading/vendors.html", enrolment=enrolment, vendors=service.vendors(db, enrolment).items)


@router.get(EXCEPTION, dependencies=[keyed_page()])
def exception_page(request: Request, actor: Manager, enrolment: ManagedEnrolment, db: SessionDep) -> Response:
    """Show the form that lets a facilitator judge CN-11 of a member."""
    people = [pair for pair in service.facilitators(db, enrolment) if pair[0] != actor.person_id]
    return render(request, "grading/exception.html", enrolment=enrolment, people=people)


@router.post(EXCEPTION, dependencies=[form_on(EXCEPTION, creates=True)])
def allow_assessor(
    actor: Manager, enrolment: ManagedEnrolment, db: SessionDep, command: Annotated[AllowAssessor, Form()]
) -> Response:
    """Allow it, then show the judgements of CN-11."""
    service.allow_assessor(db, actor, enrolment, command)
    return redirect_after_post(f"/parcours/{enrolment.id}/jugements/CN-11")
