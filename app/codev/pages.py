"""Pages of codevelopment groups; those of sessions are in ``pages_sessions.py``."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, Role, may
from app.codev import pages_sessions, service
from app.codev import service_people as people
from app.codev import service_sessions as sessions
from app.codev.rules import MAX_SIZE, MIN_SIZE
from app.codev.schemas import FacilitatorCommand, GroupRef, JoinCommand, LeaveCommand, NewCodevSession
from app.codev.schemas_forms import LinkForm, LocalCodevSession, NewGroupForm
from app.cohorts import service as cohorts
from app.cohorts.rules import at_local, has_begun
from app.cohorts.schemas import CohortRef
from app.curricula.library import default_library
from app.db import Session, SessionDep, now
from app.errors import DomainError, Invalid, NotFound
from app.network.service import college
from app.people.service import holders
from app.text import explain, explain_error
from app.web import render, see_other

router = APIRouter(include_in_schema=False)

FIELDS = dict.fromkeys([*NewGroupForm.model_fields, *LocalCodevSession.model_fields, "asks"])
"""Nothing typed yet in the forms of the two pages."""


def refused(error: DomainError) -> list[str]:
    """What a refusal says."""
    return [explain(r) for r in error.reasons] or [explain_error(error)]


# Groups -----------------------------------------------------------------------------------------


@router.get("/codev")
def groups(
    request: Request, actor: Annotated[Actor, may(P.CODEV_READ)], session: SessionDep, cohorte: int | None = None
) -> Response:
    """My groups; for who manages them, those of a cohort with the form of a new one."""
    return render(request, "codev/groups.html", **_groups(session, actor, cohorte), typed=FIELDS, said=[])


def _groups(session: Session, actor: Actor, cohort_id: int | None) -> dict[str, Any]:
    manager = actor.using(P.CODEV_MANAGE)
    cohort = cohorts.see_cohort(session, manager, cohort_id) if cohort_id is not None else None
    return {
        "groups": service.groups(session, actor.using(P.CODEV_READ), cohort_id=cohort_id),
        "cohort": cohort,
        "cohorts": cohorts.cohorts(session, manager) if actor.can(P.CODEV_MANAGE) else [],
        **(_forming(session, cohort) if cohort else {}),
    }


def _forming(session: Session, cohort: CohortRef) -> dict[str, Any]:
    return {
        "free": people.free_members(session, cohort),
        "facilitators": holders(session, Role.FACILITATOR, college_id=cohort.college_id),
        "everyone": [(e.person_id, e.name) for e in cohorts.enrolments_in(session, cohort)],
        "sizes": (MIN_SIZE, MAX_SIZE),
    }


@router.post("/codev/groupes")
def create_group(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    session: SessionDep,
    form: Annotated[NewGroupForm, Form()],
) -> Response:
    """Form a group, then look at it; a refusal shows the form again as it was filled."""
    cohort = cohorts.see_cohort(session, actor, form.cohort_id)
    try:
        found = service.create_group(session, actor, cohort, form.command)
    except DomainError as error:
        values = {
            **_groups(session, actor, cohort.id),
            "typed": {**FIELDS, **form.model_dump()},
            "said": refused(error),
        }
        return render(request, "codev/groups.html", status=error.status, **values)
    return see_other(f"/codev/groupes/{found.id}")


@router.post("/codev/liens")
def declare_link(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], session: SessionDep, form: Annotated[LinkForm, Form()]
) -> Response:
    """Note a management link; when both are already together, look at their group."""
    cohort = cohorts.see_cohort(session, actor, form.cohort_id)
    together = people.declare_link(session, actor, college(session, cohort.college_id), form.command)
    return see_other(f"/codev/groupes/{together[0]}" if together else f"/codev?cohorte={cohort.id}")


@router.get("/codev/groupes/{group_id}")
def group(request: Request, actor: Annotated[Actor, may(P.CODEV_READ)], session: SessionDep, group_id: int) -> Response:
    """A group: members and turns, sessions, the next one with what the rotation proposes."""
    ref = service.see_group(session, actor, group_id)
    return render(request, "codev/group.html", **_group(session, actor, ref), typed=FIELDS, said=[])


def _group(session: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    found = service.group(session, ref)
    curriculum = default_library().curriculum(ref.curriculum_slug, ref.curriculum_version)
    coming = next((s for s in found.sessions if s.held is None and not s.cancelled), None)
    return {
        "group": found,
        "coming": coming,
        "begun": coming is not None and has_begun(coming.starts_at, now()),
        "proposed": _proposed(session, actor, coming.id) if coming else [],
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "too_small": sum(m.follows for m in found.members) < MIN_SIZE,
        **_managing(session, actor, ref),
    }


def _proposed(session: Session, actor: Actor, session_id: int) -> list[Any]:
    meeting = sessions.see_codev_session(session, actor.using(P.CODEV_READ), session_id)
    return sessions.rotation_for(session, meeting)


def _managing(session: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    """What only who manages groups of the college may do and read here."""
    try:
        cohort = cohorts.see_cohort(session, actor.using(P.CODEV_MANAGE), ref.cohort_id)
    except NotFound:
        return {"manages": False}
    return {
        "manages": True,
        "activities": sessions.codev_activities(ref),
        "links": people.links_inside(session, ref),
        **_forming(session, cohort),
    }


# Changing a group -------------------------------------------------------------------------------


@router.post("/codev/groupes/{group_id}/membres")
def add_member(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    session: SessionDep,
    group_id: int,
    form: Annotated[JoinCommand, Form()],
) -> Response:
    """Add someone."""
    ref = service.see_group(session, actor, group_id)
    try:
        service.add_member(session, actor, ref, form)
    except DomainError as error:
        return _group_refused(request, session, actor, ref, error)
    return see_other(f"/codev/groupes/{group_id}")


def _group_refused(
    request: Request, session: Session, actor: Actor, ref: GroupRef, error: DomainError, **typed: object
) -> Response:
    values = {**_group(session, actor, ref), "typed": {**FIELDS, **typed}, "said": refused(error)}
    return render(request, "codev/group.html", status=error.status, **values)


@router.post("/codev/groupes/{group_id}/departs")
def remove_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    session: SessionDep,
    group_id: int,
    form: Annotated[LeaveCommand, Form()],
) -> Response:
    """Note that someone leaves."""
    service.remove_member(session, service.see_group(session, actor, group_id), form)
    return see_other(f"/codev/groupes/{group_id}")


@router.post("/codev/groupes/{group_id}/animation")
def set_facilitator(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    session: SessionDep,
    group_id: int,
    form: Annotated[FacilitatorCommand, Form()],
) -> Response:
    """Hand the group over."""
    service.set_facilitator(session, actor, service.see_group(session, actor, group_id), form)
    return see_other(f"/codev/groupes/{group_id}")


@router.post("/codev/groupes/{group_id}/seances")
def plan_session(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    session: SessionDep,
    group_id: int,
    form: Annotated[LocalCodevSession, Form()],
) -> Response:
    """Plan a session at a local hour; the two odd hours of the year are refused or asked about (BR-30)."""
    ref = service.see_group(session, actor, group_id)
    starts_at, reasons = at_local(form.day, form.clock, ref.timezone, second=form.is_second)
    try:
        if reasons:
            raise Invalid("invalid", *reasons)
        command = NewCodevSession(activity_code=form.activity_code, starts_at=starts_at)
        sessions.plan_session(session, actor, ref, command)
    except DomainError as error:
        asks = any(r.code == "hour_comes_twice" for r in reasons)
        return _group_refused(request, session, actor, ref, error, **form.model_dump(), asks=asks)
    return see_other(f"/codev/groupes/{group_id}")


router.include_router(pages_sessions.router)
