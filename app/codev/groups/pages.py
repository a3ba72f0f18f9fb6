"""Pages of codevelopment groups; those of sessions are in ``pages_sessions.py``."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.attendance.calendar.rules import at_local, has_begun
from app.codev.forms import refused
from app.codev.groups import links, people, service
from app.codev.groups.rules import MAX_SIZE, MIN_SIZE
from app.codev.groups.schemas import FacilitatorCommand, GroupRef, JoinCommand, LeaveCommand, LinkForm, NewGroupForm
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import LocalCodevSession, NewCodevSession
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.schemas import CohortRef
from app.curricula.library import default_library
from app.identity.roles.service import holders
from app.network.service import college
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import DomainError, Invalid, NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

FIELDS = dict.fromkeys([*NewGroupForm.model_fields, *LocalCodevSession.model_fields, "asks"])
"""Nothing typed yet in the forms of the two pages."""


# Groups -----------------------------------------------------------------------------------------


@router.get("/codev")
def groups(
    request: Request, actor: Annotated[Actor, may(P.CODEV_READ)], db: SessionDep, cohorte: int | None = None
) -> Response:
    """My groups; for who manages them, those of a cohort with the form of a new one."""
    return render(request, "codev/groups.html", **_groups(db, actor, cohorte), typed=FIELDS, said=[])


def _groups(db: Session, actor: Actor, cohort_id: int | None) -> dict[str, Any]:
    manager = actor.using(P.CODEV_MANAGE)
    cohort = cohorts.see_cohort(db, manager, cohort_id) if cohort_id is not None else None
    return {
        "groups": service.groups(db, actor.using(P.CODEV_READ), cohort_id=cohort_id),
        "cohort": cohort,
        "cohorts": cohorts.cohorts(db, manager) if actor.can(P.CODEV_MANAGE) else [],
        **(_forming(db, cohort) if cohort else {}),
    }


def _forming(db: Session, cohort: CohortRef) -> dict[str, Any]:
    return {
        "free": people.free_members(db, cohort),
        "facilitators": holders(db, Role.FACILITATOR, college_id=cohort.college_id),
        "everyone": [(e.person_id, e.name) for e in enrolments.enrolments_in(db, cohort)],
        "sizes": (MIN_SIZE, MAX_SIZE),
    }


@router.post("/codev/groupes")
def create_group(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    db: SessionDep,
    form: Annotated[NewGroupForm, Form()],
) -> Response:
    """Form a group, then look at it; a refusal shows the form again as it was filled."""
    cohort = cohorts.see_cohort(db, actor, form.cohort_id)
    try:
        found = service.create_group(db, actor, cohort, form.command)
    except DomainError as error:
        values = {
            **_groups(db, actor, cohort.id),
            "typed": {**FIELDS, **form.model_dump()},
            "said": refused(error),
        }
        return render(request, "codev/groups.html", status=error.status, **values)
    return redirect_after_post(f"/codev/groupes/{found.id}")


@router.post("/codev/liens")
def declare_link(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)], db: SessionDep, form: Annotated[LinkForm, Form()]
) -> Response:
    """Note a management link; when both are already together, look at their group."""
    cohort = cohorts.see_cohort(db, actor, form.cohort_id)
    together = links.declare_link(db, actor, college(db, cohort.college_id), form.command)
    return redirect_after_post(f"/codev/groupes/{together[0]}" if together else f"/codev?cohorte={cohort.id}")


@router.get("/codev/groupes/{group_id}")
def group(request: Request, actor: Annotated[Actor, may(P.CODEV_READ)], db: SessionDep, group_id: int) -> Response:
    """A group: members and turns, sessions, the next one with what the rotation proposes."""
    ref = service.see_group(db, actor, group_id)
    return render(request, "codev/group.html", **_group(db, actor, ref), typed=FIELDS, said=[])


def _group(db: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    found = service.group(db, ref)
    curriculum = default_library().curriculum(ref.curriculum_slug, ref.curriculum_version)
    coming = next((s for s in found.sessions if s.held is None and not s.cancelled), None)
    return {
        "group": found,
        "coming": coming,
        "begun": coming is not None and has_begun(coming.starts_at, now()),
        "proposed": _proposed(db, actor, coming.id) if coming else [],
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "too_small": sum(m.follows for m in found.members) < MIN_SIZE,
        **_managing(db, actor, ref),
    }


def _proposed(db: Session, actor: Actor, session_id: int) -> list[Any]:
    meeting = sessions.see_codev_session(db, actor.using(P.CODEV_READ), session_id)
    return sessions.rotation_for(db, meeting)


def _managing(db: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    """What only who manages groups of the college may do and read here."""
    try:
        cohort = cohorts.see_cohort(db, actor.using(P.CODEV_MANAGE), ref.cohort_id)
    except NotFound:
        return {"manages": False}
    return {
        "manages": True,
        "activities": sessions.codev_activities(ref),
        "links": links.links_inside(db, ref),
        **_forming(db, cohort),
    }


# Changing a group -------------------------------------------------------------------------------


@router.post("/codev/groupes/{group_id}/membres")
def add_member(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    db: SessionDep,
    group_id: int,
    form: Annotated[JoinCommand, Form()],
) -> Response:
    """Add someone."""
    ref = service.see_group(db, actor, group_id)
    try:
        service.add_member(db, actor, ref, form)
    except DomainError as error:
        return _group_refused(request, db, actor, ref, error)
    return redirect_after_post(f"/codev/groupes/{group_id}")


def _group_refused(
    request: Request, db: Session, actor: Actor, ref: GroupRef, error: DomainError, **typed: object
) -> Response:
    values = {**_group(db, actor, ref), "typed": {**FIELDS, **typed}, "said": refused(error)}
    return render(request, "codev/group.html", status=error.status, **values)


@router.post("/codev/groupes/{group_id}/departs")
def remove_member(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    db: SessionDep,
    group_id: int,
    form: Annotated[LeaveCommand, Form()],
) -> Response:
    """Note that someone leaves."""
    service.remove_member(db, service.see_group(db, actor, group_id), form)
    return redirect_after_post(f"/codev/groupes/{group_id}")


@router.post("/codev/groupes/{group_id}/animation")
def set_facilitator(
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    db: SessionDep,
    group_id: int,
    form: Annotated[FacilitatorCommand, Form()],
) -> Response:
    """Hand the group over."""
    service.set_facilitator(db, actor, service.see_group(db, actor, group_id), form)
    return redirect_after_post(f"/codev/groupes/{group_id}")


@router.post("/codev/groupes/{group_id}/seances")
def plan_session(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    db: SessionDep,
    group_id: int,
    form: Annotated[LocalCodevSession, Form()],
) -> Response:
    """Plan a session at a local hour; the two odd hours of the year are refused or asked about (BR-30)."""
    ref = service.see_group(db, actor, group_id)
    starts_at, reasons = at_local(form.day, form.clock, ref.timezone, second=form.is_second)
    try:
        if reasons:
            raise Invalid("invalid", *reasons)
        command = NewCodevSession(activity_code=form.activity_code, starts_at=starts_at)
        sessions.plan_session(db, actor, ref, command)
    except DomainError as error:
        asks = any(r.code == "hour_comes_twice" for r in reasons)
        return _group_refused(request, db, actor, ref, error, **form.model_dump(), asks=asks)
    return redirect_after_post(f"/codev/groupes/{group_id}")
