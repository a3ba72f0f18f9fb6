"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, ValidationError

from app.access import Actor, P, Role, may
from app.cohorts import pages_enrolments, pages_sessions, service, service_offer
from app.cohorts import service_sessions as calendar
from app.cohorts.models import EnrolmentState, Phase
from app.cohorts.rules import SEATED, Stage, late_join_limit, stage
from app.cohorts.schemas import (
    ApplicationsOpen,
    ApplyCommand,
    CapacityCommand,
    CohortRef,
    MoveCommand,
    NewCohort,
    NewCohortForm,
    SessionRow,
    StaffCommand,
)
from app.curricula.library import default_library
from app.db import Session, SessionDep, now
from app.errors import DomainError, NotFound
from app.network import service as network
from app.people.service import holders
from app.progress.schemas_board import BoardOrder, BoardQuery
from app.progress.service_board import board
from app.text import explain, explain_error, today
from app.web import clean, render, see_other

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100), AfterValidator(clean)]
NEXT_SESSIONS = 3
BLANK = dict.fromkeys(NewCohortForm.model_fields, "")
TOOLS = (
    P.PROGRESS_READ, P.SESSION_READ, P.SESSION_MANAGE, P.ROLLCALL_RECORD,
    P.ENROLMENT_MANAGE, P.COHORT_MANAGE, P.REPORT_COHORT,
)  # fmt: skip


@router.get("/cohortes")
def cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    session: SessionDep,
    recherche: Search = "",
) -> Response:
    """My cohorts."""
    found = service.cohorts(session, actor, search=recherche)
    return render(request, "cohorts/list.html", cohorts=found, search=recherche, paths=_path_titles(), today=today())


def _path_titles() -> dict[str, str]:
    library = default_library()
    return {slug: library.curriculum(slug, library.versions(slug)[-1]).title.text for slug in library.slugs}


# A new cohort -----------------------------------------------------------------------------------


@router.get("/cohortes/nouvelle")
def new_cohort(request: Request, actor: Annotated[Actor, may(P.COHORT_MANAGE)], session: SessionDep) -> Response:
    """The form of a new cohort."""
    return render(request, "cohorts/new.html", **_choices(session, actor), typed=BLANK, errors=BLANK, refused=False)


def _choices(session: Session, actor: Actor) -> dict[str, Any]:
    colleges = service_offer.managed_colleges(session, actor)
    return {
        "colleges": [(c.id, c.name) for c in colleges],
        "projects": [(p.id, p.name) for p in network.projects(session)],
        "regions": [(r.code, r.name) for r in network.regions(session)],
        "paths": service_offer.published_paths(session),
        "phases": tuple(Phase),
        "home": colleges[0] if colleges else None,
    }


@router.post("/cohortes")
def open_cohort(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    session: SessionDep,
    form: Annotated[NewCohortForm, Form()],
) -> Response:
    """Open a cohort, then look at it; a refusal shows the form again as it was filled."""
    try:
        command = NewCohort.model_validate(form.fields)
    except ValidationError as error:
        found = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
        raise RequestValidationError(found) from error
    try:
        cohort = service.open_cohort(session, actor, network.college(session, form.college_id), command)
    except NotFound:
        raise
    except DomainError as error:
        named = {"curriculum_version": "path"}
        errors = BLANK | {named.get(r.field or "", r.field): explain(r) for r in error.reasons}
        values = {**_choices(session, actor), "typed": form.model_dump(mode="json"), "errors": errors, "refused": True}
        return render(request, "cohorts/new.html", status=error.status, **values)
    return see_other(f"/cohortes/{cohort.id}")


# The board --------------------------------------------------------------------------------------


@router.get("/cohortes/{cohort_id}")
def cohort(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    session: SessionDep,
    cohort_id: int,
    *,
    recherche: Search = "",
    etat: EnrolmentState | None = None,
    tri: BoardOrder = BoardOrder.NAME,
) -> Response:
    """A cohort's page: everyone sees its dates and sessions, those who follow it up its board."""
    found = service.see_cohort(session, actor, cohort_id)
    open_doors = service.doors(session, actor, found, *TOOLS)
    values: dict[str, Any] = {}
    if P.PROGRESS_READ in open_doors:
        query = BoardQuery(search=recherche, state=etat, tri=tri)
        values |= {"board": board(session, found, query), "query": query}
        values["calls"] = [row for row in board(session, found, BoardQuery(tri=BoardOrder.RISK)) if row.at_risk]
    if P.SESSION_READ in open_doors:
        values |= _next(calendar.calendar(session, found))
    if P.ENROLMENT_MANAGE in open_doors:
        states = service.states_in(session, found)
        values["waiting"] = states[EnrolmentState.APPLIED]
        values["admitted"] = states[EnrolmentState.ADMITTED]
    values |= _team(session, found) if P.COHORT_MANAGE in open_doors else {}
    return render(request, "cohorts/board.html", cohort=found, doors=open_doors, **values, **_named(session, found))


def _named(session: Session, cohort: CohortRef) -> dict[str, Any]:
    """What every page of a cohort shows of it."""
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return {
        "college": network.college(session, cohort.college_id).name,
        "path": curriculum.title.text,
        "titles": {a.code: a.title.text for a in curriculum.activities},
        "today": today(cohort.timezone),
        "states": tuple(EnrolmentState),
        "orders": tuple(BoardOrder),
    }


def _next(rows: list[SessionRow]) -> dict[str, list[SessionRow]]:
    at = now()
    staged = [(stage(r.starts_at, at, cancelled=r.cancelled, closed=r.closed), r) for r in rows]
    return {
        "coming": [r for s, r in staged if s is Stage.COMING][:NEXT_SESSIONS],
        "to_call": [r for s, r in staged if s is Stage.TO_CALL],
    }


def _team(session: Session, cohort: CohortRef) -> dict[str, Any]:
    team = holders(session, Role.TRAINER, college_id=cohort.college_id, cohort_id=cohort.id)
    college = holders(session, Role.TRAINER, college_id=cohort.college_id)
    return {"team": team, "trainers": [held for held in college if held not in team]}


@router.post("/cohortes/{cohort_id}/ouverture")
def set_applications(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    session: SessionDep,
    cohort_id: int,
    form: Annotated[ApplicationsOpen, Form()],
) -> Response:
    """Open or close a cohort to applications."""
    service.set_applications(session, service.see_cohort(session, actor, cohort_id), is_open=form.is_open)
    return see_other(f"/cohortes/{cohort_id}")


@router.post("/cohortes/{cohort_id}/places")
def set_capacity(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    session: SessionDep,
    cohort_id: int,
    form: Annotated[CapacityCommand, Form()],
) -> Response:
    """Change the number of seats."""
    service.set_capacity(session, service.see_cohort(session, actor, cohort_id), form)
    return see_other(f"/cohortes/{cohort_id}")


@router.post("/cohortes/{cohort_id}/equipe")
def add_staff(
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    session: SessionDep,
    cohort_id: int,
    form: Annotated[StaffCommand, Form()],
) -> Response:
    """Give the cohort a trainer."""
    service.add_staff(session, actor, service.see_cohort(session, actor, cohort_id), form)
    return see_other(f"/cohortes/{cohort_id}")


# Applications -----------------------------------------------------------------------------------


@router.get("/cohortes/{cohort_id}/candidatures")
def applications(
    request: Request, actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], session: SessionDep, cohort_id: int
) -> Response:
    """Applications to answer, and those answered."""
    found = service.see_cohort(session, actor, cohort_id)
    return render(request, "cohorts/applications.html", **_applications(session, found), refused={})


def _applications(session: Session, cohort: CohortRef) -> dict[str, Any]:
    found = service.applications(session, cohort)
    limit = late_join_limit(cohort.starts_on, cohort.ends_on, cohort.late_join_pct)
    return {
        "cohort": cohort,
        "waiting": [a for a in found if a.state is EnrolmentState.APPLIED],
        "admitted": [a for a in found if a.state is EnrolmentState.ADMITTED],
        "answered": [a for a in found if a.state not in {EnrolmentState.APPLIED, EnrolmentState.ADMITTED}],
        "seated": sum(a.state in SEATED for a in found),
        "limit": limit,
        "is_late": max(today(cohort.timezone), cohort.starts_on) > limit,
        **_named(session, cohort),
    }


@router.post("/cohortes/{cohort_id}/candidatures/{enrolment_id}")
def answer(
    request: Request,
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    session: SessionDep,
    cohort_id: int,
    *,
    enrolment_id: int,
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Admit, refuse or activate one person; a refusal says why beside them, what was typed kept."""
    cohort = service.see_cohort(session, actor, cohort_id)
    enrolment = service.see_enrolment(session, actor, enrolment_id)
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    try:
        service.move(session, actor, enrolment, form)
    except DomainError as error:
        said = [explain(r) for r in error.reasons] or [explain_error(error)]
        refused = {enrolment_id: {"said": said, "typed": form}}
        values = _applications(session, cohort)
        return render(request, "cohorts/applications.html", status=error.status, refused=refused, **values)
    return see_other(f"/cohortes/{cohort_id}/candidatures")


@router.post("/cohortes/{cohort_id}/demarrage")
def start(actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], session: SessionDep, cohort_id: int) -> Response:
    """Make everyone admitted active."""
    service.start(session, actor, service.see_cohort(session, actor, cohort_id))
    return see_other(f"/cohortes/{cohort_id}")


# Applying ---------------------------------------------------------------------------------------


@router.get("/cohortes-ouvertes")
def open_cohorts(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    session: SessionDep,
    recherche: Search = "",
) -> Response:
    """Cohorts of every college that take applications."""
    found = service_offer.open_cohorts(session, actor, search=recherche)
    return render(request, "cohorts/open.html", cohorts=found, search=recherche, paths=_path_titles())


@router.get("/cohortes-ouvertes/{cohort_id}")
def apply_form(
    request: Request, actor: Annotated[Actor, may(P.COHORT_APPLY)], session: SessionDep, cohort_id: int
) -> Response:
    """A cohort to apply to."""
    cohort = service.see_open_cohort(session, cohort_id)
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    mine = {c.id: c.my_state for c in service_offer.open_cohorts(session, actor)}.get(cohort_id)
    values: dict[str, Any] = {"cohort": cohort, "curriculum": curriculum, "my_state": mine}
    return render(request, "cohorts/apply.html", **values, college=network.college(session, cohort.college_id))


@router.post("/cohortes-ouvertes/{cohort_id}")
def apply(
    actor: Annotated[Actor, may(P.COHORT_APPLY)],
    session: SessionDep,
    cohort_id: int,
    form: Annotated[ApplyCommand, Form()],
) -> Response:
    """Apply; the page then says that the application was received."""
    service.apply(session, actor, service.see_open_cohort(session, cohort_id), form)
    return see_other(f"/cohortes-ouvertes/{cohort_id}")


router.include_router(pages_sessions.router)
router.include_router(pages_enrolments.router)
