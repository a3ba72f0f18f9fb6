"""Pages of groups: the list with the form of a new one, a group, and the forms that change it."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response

from app.attendance.calendar.local_form import command_at
from app.attendance.calendar.rules import has_begun
from app.codev.actions.service import group_follow_up
from app.codev.contracts.service import is_asked
from app.codev.entrances import service as entrances
from app.codev.entrances.rules import first_day
from app.codev.groups import links, lists, people, service
from app.codev.groups.rules import MAX_SIZE, MIN_SIZE
from app.codev.groups.schemas import (
    FacilitatorCommand,
    GroupRef,
    GroupsQuery,
    JoinCommand,
    LeaveCommand,
    LinkForm,
    NewGroupForm,
    ReturnCommand,
)
from app.codev.groups.service import see_group
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import UndoReason
from app.codev.sessions.schemas import LocalCodevSession, NewCodevSession
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import CohortState
from app.cohorts.schemas import CohortRef, CohortRow
from app.curricula.enums import GROUP_MODES, Mode
from app.curricula.library import curriculum_of
from app.identity.roles.service import holders
from app.network.service import college
from app.network.venues.service import venues_offered
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

NEWEST = 100
"""How many cohorts are offered to choose among: the groups of older ones are on their cohort's page."""

OVER = frozenset({CohortState.CLOSED, CohortState.ARCHIVED})
"""The states of a cohort where nothing begins: no group, no member, no session is added."""

GroupManager = Annotated[Actor, may(P.CODEV_MANAGE)]
ManagedGroup = Annotated[GroupRef, seen(see_group, P.CODEV_MANAGE)]


@router.get("/codev", dependencies=[keyed_page()])
def list_groups(
    request: Request,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    db: SessionDep,
    query: Annotated[GroupsQuery, Query()],
) -> Response:
    """The actor's groups; for those who manage groups, those of a cohort with the form of a new one."""
    values = _list_context(db, actor, query)
    return render(request, "codev/groups.html", **values)


def _list_context(db: Session, actor: Actor, query: GroupsQuery) -> dict[str, Any]:
    manager = actor.using(P.CODEV_MANAGE)
    cohort = cohorts.see_cohort(db, manager, query.cohorte) if query.cohorte is not None else None
    page = lists.list_groups(db, actor.using(P.CODEV_READ), query)
    return {
        "groups": ListView("/codev", query, page),
        "cohort": cohort,
        "keeps_schedule": _managed_colleges(actor),
        "cohorts": _cohort_choices(db, manager, cohort) if actor.can(P.CODEV_MANAGE) else [],
        **(_people_context(db, cohort) if cohort else {}),
    }


def _cohort_choices(db: Session, manager: Actor, chosen: CohortRef | None) -> list[CohortRow | CohortRef]:
    """Return the newest cohorts that the actor may choose among, and the one that they chose."""
    newest = cohorts.cohorts(db, manager, limit=NEWEST).items
    older = [chosen] if chosen is not None and chosen.id not in {cohort.id for cohort in newest} else []
    return [*newest, *older]


def _people_context(db: Session, cohort: CohortRef) -> dict[str, Any]:
    return {
        "free": people.free_members(db, cohort),
        "is_over": cohort.state in OVER,
        "facilitators": holders(db, Role.FACILITATOR, college_id=cohort.college_id),
        "everyone": [(e.person_id, e.name) for e in enrolments.enrolments_in(db, cohort)],
        "sizes": (MIN_SIZE, MAX_SIZE),
    }


@router.post("/codev/groupes", dependencies=[form_on("/codev?cohorte={cohort_id}", creates=True)])
def create_group(
    actor: GroupManager,
    db: SessionDep,
    form: Annotated[NewGroupForm, Form()],
) -> Response:
    """Form a group, then show it."""
    cohort = cohorts.see_cohort(db, actor, form.cohort_id)
    group = service.create_group(db, actor, cohort, form.command)
    return redirect_after_post(f"/codev/groupes/{group.id}")


@router.post("/codev/liens", dependencies=[form_on("/codev?cohorte={cohort_id}", creates=True)])
def declare_link(db: SessionDep, actor: GroupManager, form: Annotated[LinkForm, Form()]) -> Response:
    """Declare a management link; when both already belong to one group, show it."""
    cohort = cohorts.see_cohort(db, actor, form.cohort_id)
    group_ids = links.declare_link(db, actor, college(db, cohort.college_id), form.command)
    return redirect_after_post(f"/codev/groupes/{group_ids[0]}" if group_ids else f"/codev?cohorte={cohort.id}")


@router.get("/codev/groupes/{group_id}", dependencies=[keyed_page()])
def group_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_READ)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_READ)],
) -> Response:
    """A group: members with their turns, sessions, and the rotation proposed for the next one."""
    values = _group_context(db, actor, group)
    return render(request, "codev/group.html", **values)


def _group_context(db: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    group = service.group(db, ref)
    next_session = next((s for s in group.sessions if s.held is None and not s.cancelled), None)
    return {
        "group": group,
        "next_session": next_session,
        "begun": next_session is not None and has_begun(next_session.starts_at, now()),
        "proposed": _proposed(db, actor, next_session.id) if next_session else [],
        "titles": {a.code: a.title.text for a in curriculum_of(ref).activities},
        "undo_reasons": tuple(UndoReason),
        "entrances": entrances.entrances(db, actor, ref).items if group.entering else (),
        "archived": ref.cohort_state is CohortState.ARCHIVED,
        "asked": is_asked(db, actor, ref),
        "keeps_journal": is_member(actor, ref.id) and actor.can(P.JOURNAL_KEEP),
        "follow_up": group_follow_up(db, ref),
        "too_small": sum(m.follows for m in group.members) < MIN_SIZE,
        **_manager_context(db, actor, ref),
    }


def _managed_colleges(actor: Actor) -> list[int]:
    """Return the colleges whose groups the actor manages: each has a schedule of destruction."""
    if not actor.can(P.CODEV_MANAGE):
        return []
    return sorted({g.college_id for g in actor.grants if g.role is Role.COORDINATOR and g.college_id is not None})


def is_member(actor: Actor, group_id: int) -> bool:
    """Whether the actor is a member of the group, and not its facilitator."""
    return any(grant.group_id == group_id and grant.role is Role.PARTICIPANT for grant in actor.grants)


def _proposed(db: Session, actor: Actor, session_id: int) -> list[Any]:
    meeting = sessions.see_codev_session(db, actor.using(P.CODEV_READ), session_id)
    return sessions.rotation_for(db, meeting)


def _manager_context(db: Session, actor: Actor, ref: GroupRef) -> dict[str, Any]:
    """Return the values for those who manage groups of the college alone, and none of an archived cohort."""
    try:
        cohort = cohorts.see_cohort(db, actor.using(P.CODEV_MANAGE), ref.cohort_id)
    except NotFound:
        return {"manages": False}
    if cohort.state is CohortState.ARCHIVED:
        return {"manages": False}
    return {
        "manages": True,
        "activities": sessions.codev_activities(ref),
        "venues": venues_offered(db, ref.college_id),
        "modes": [m for m in Mode if m in GROUP_MODES],
        "links": links.links_inside(db, ref),
        "first_entry": first_day(today(ref.timezone), begun=True, notice_days=entrances.notice_days(db, ref.college_id))
        if entrances.has_begun(db, ref.id)
        else None,
        **_people_context(db, cohort),
    }


@router.post("/codev/groupes/{group_id}/membres", dependencies=[form_on("/codev/groupes/{group_id}", creates=True)])
def add_member(
    db: SessionDep,
    actor: GroupManager,
    group: ManagedGroup,
    form: Annotated[JoinCommand, Form()],
) -> Response:
    """Add a person."""
    service.add_member(db, actor, group, form)
    return redirect_after_post(f"/codev/groupes/{group.id}")


@router.post("/codev/groupes/{group_id}/departs", dependencies=[form_on("/codev/groupes/{group_id}")])
def remove_member(db: SessionDep, group: ManagedGroup, form: Annotated[LeaveCommand, Form()]) -> Response:
    """Record that a member leaves."""
    service.remove_member(db, group, form)
    return redirect_after_post(f"/codev/groupes/{group.id}")


@router.post("/codev/groupes/{group_id}/retours", dependencies=[form_on("/codev/groupes/{group_id}")])
def return_member(
    db: SessionDep, actor: GroupManager, group: ManagedGroup, form: Annotated[ReturnCommand, Form()]
) -> Response:
    """Take the departure of a member back."""
    service.return_member(db, actor, group, form)
    return redirect_after_post(f"/codev/groupes/{group.id}")


@router.post("/codev/groupes/{group_id}/animation", dependencies=[form_on("/codev/groupes/{group_id}")])
def set_facilitator(
    db: SessionDep, actor: GroupManager, group: ManagedGroup, form: Annotated[FacilitatorCommand, Form()]
) -> Response:
    """Replace the facilitator of the group."""
    service.set_facilitator(db, actor, group, form)
    return redirect_after_post(f"/codev/groupes/{group.id}")


@router.post("/codev/groupes/{group_id}/seances", dependencies=[form_on("/codev/groupes/{group_id}", creates=True)])
def plan_session(
    db: SessionDep,
    actor: GroupManager,
    group: ManagedGroup,
    form: Annotated[LocalCodevSession, Form()],
) -> Response:
    """Plan a session at a local time; the two odd hours of the year are refused, or chosen between (BR-30)."""
    sessions.plan_session(db, actor, group, command_at(db, group, form, NewCodevSession))
    return redirect_after_post(f"/codev/groupes/{group.id}")
