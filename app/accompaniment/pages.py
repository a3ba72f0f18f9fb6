"""Pages of accompaniment: enterprises, mandates and their dated facts."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.access import Actor, P, may
from app.accompaniment import service
from app.accompaniment import service_mandates as mandates
from app.accompaniment.models import EnterpriseSize
from app.accompaniment.rules import ORDER, Stage
from app.accompaniment.schemas import (
    MandateRef,
    MandateShown,
    MilestoneCommand,
    NewEnterpriseForm,
    NewMandate,
    NewMandateForm,
)
from app.cohorts.service import see_enrolment
from app.cohorts.service_offer import managed_colleges
from app.curricula.schema import MandateKind
from app.db import Session, SessionDep
from app.errors import DomainError, NotFound
from app.network import service as network
from app.text import explain, explain_error, today
from app.web import render, see_other

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100)]


class _ByField(dict[str | None, Any]):
    """Values by field; ``None`` for a field that was not typed, or is not wrong."""

    def __missing__(self, key: str | None) -> None:
        return None


def _form(typed: dict[str, Any] | None = None, error: DomainError | None = None) -> dict[str, Any]:
    """What a form shows again: values typed and messages by field, ``None`` where there is none.

    A message that concerns no field stands under ``None``.
    """
    errors: dict[str | None, str] = {}
    if error is not None:
        errors = {r.field and r.field.rsplit(".", 1)[-1]: explain(r) for r in error.reasons}
        errors = errors or {None: explain_error(error)}
    return {"typed": _ByField(typed or {}), "errors": _ByField(errors)}


# Enterprises ------------------------------------------------------------------------------------


@router.get("/entreprises")
def enterprises(
    request: Request,
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)],
    session: SessionDep,
    recherche: Search = "",
    apres: int | None = None,
) -> Response:
    """Enterprises by name, with the form of a new one for who manages them."""
    values = _enterprises(session, actor, recherche, apres)
    return render(request, "accompaniment/enterprises.html", **values, **_form())


def _enterprises(session: Session, actor: Actor, search: str, after: int | None) -> dict[str, Any]:
    colleges = managed_colleges(session, actor.using(P.ENTERPRISE_MANAGE)) if actor.can(P.ENTERPRISE_MANAGE) else []
    regions = network.regions(session)
    return {
        "page": service.enterprises(session, actor.using(P.ENTERPRISE_READ), search=search, after=after),
        "search": search,
        "colleges": [(c.id, c.name) for c in colleges],
        "home": colleges[0] if colleges else None,
        "regions": [(r.code, r.name) for r in regions],
        "region_names": {r.code: r.name for r in regions},
        "sizes": tuple(EnterpriseSize),
    }


@router.post("/entreprises")
def add_enterprise(
    request: Request,
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)],
    session: SessionDep,
    form: Annotated[NewEnterpriseForm, Form()],
) -> Response:
    """Add an enterprise, then find it in the list; a refusal shows the form again as it was filled."""
    college = network.see_college(session, actor, form.college_id)
    try:
        service.add_enterprise(session, actor, college, form.command)
    except DomainError as error:
        values = {**_enterprises(session, actor, "", None), **_form(form.model_dump(), error)}
        return render(request, "accompaniment/enterprises.html", status=error.status, **values)
    return see_other("/entreprises")


# Mandates ---------------------------------------------------------------------------------------


@router.get("/mandats")
def list_mandates(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    session: SessionDep,
    *,
    etape: Stage | None = None,
    apres: int | None = None,
    inscription: int | None = None,
    entreprise: int | None = None,
) -> Response:
    """Mandates by stage, with the form of a new one; a link may choose its advisor and its enterprise."""
    values = _mandates(session, actor, etape, apres)
    typed = _form({"enrolment_id": inscription, "enterprise_id": entreprise})
    chosen = _chosen(session, actor, entreprise)
    return render(request, "accompaniment/mandates.html", **values, **typed, chosen=chosen)


def _chosen(session: Session, actor: Actor, enterprise_id: int | None) -> str | None:
    """The name of the enterprise that a link chose."""
    if enterprise_id is None:
        return None
    return service.see_enterprise(session, actor.using(P.MANDATE_MANAGE), enterprise_id).name


def _mandates(session: Session, actor: Actor, stage: Stage | None, after: int | None) -> dict[str, Any]:
    choices = mandates.advisor_choices(session, actor.using(P.MANDATE_MANAGE))
    return {
        "page": mandates.mandates(session, actor.using(P.MANDATE_READ), at=stage, after=after),
        "accompanied": mandates.accompanied_enterprises(session, actor.using(P.MANDATE_READ)),
        "stage": stage,
        "stages": tuple(Stage),
        "kinds": tuple(MandateKind),
        "advisors": choices,
        "regions": [(r.code, r.name) for r in network.regions(session)],
        "sizes": tuple(EnterpriseSize),
    }


@router.post("/mandats")
def open_mandate(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    session: SessionDep,
    form: Annotated[NewMandateForm, Form()],
) -> Response:
    """Open a mandate, then look at it; a refusal shows the form again as it was filled."""
    command = _command(form)
    advisor = see_enrolment(session, actor, form.enrolment_id)
    try:
        found = mandates.open_mandate(session, actor, [advisor], command)
    except NotFound:
        raise
    except DomainError as error:
        values = {**_mandates(session, actor, None, None), **_form(form.model_dump(), error)}
        chosen = _chosen(session, actor, form.enterprise_id)
        return render(request, "accompaniment/mandates.html", status=error.status, **values, chosen=chosen)
    return see_other(f"/mandats/{found.id}")


def _command(form: NewMandateForm) -> NewMandate:
    try:
        return form.command
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from error


@router.get("/mandats/{mandate_id}")
def mandate(
    request: Request, actor: Annotated[Actor, may(P.MANDATE_READ)], session: SessionDep, mandate_id: int
) -> Response:
    """A mandate: its enterprise, its advisors, and the three facts as a line of time."""
    found = mandates.mandate(session, mandates.see_mandate(session, actor, mandate_id))
    return render(request, "accompaniment/mandate.html", **_timeline(session, actor, found), **_form())


def _timeline(session: Session, actor: Actor, found: MandateShown) -> dict[str, Any]:
    facts = {m.kind: m for m in found.milestones}
    return {
        "mandate": found,
        "timeline": [(kind, facts.get(kind)) for kind in ORDER],
        "region": network.region_name(session, found.enterprise.region_code),
        "today": today(network.zone(session, found.college_id)),
        "manages": _manages(session, actor, found),
    }


def _manages(session: Session, actor: Actor, found: MandateRef) -> bool:
    try:
        mandates.see_mandate(session, actor.using(P.MANDATE_MANAGE), found.id)
    except NotFound:
        return False
    return True


@router.post("/mandats/{mandate_id}/jalons")
def record_milestone(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    session: SessionDep,
    mandate_id: int,
    form: Annotated[MilestoneCommand, Form()],
) -> Response:
    """Record or correct a fact; a refusal says why at the fact concerned, what was typed kept."""
    ref = mandates.see_mandate(session, actor, mandate_id)
    try:
        mandates.record_milestone(session, actor, ref, form)
    except DomainError as error:
        values = _timeline(session, actor, mandates.mandate(session, ref))
        said = _form(form.model_dump(), error)
        return render(request, "accompaniment/mandate.html", status=error.status, **values, **said)
    return see_other(f"/mandats/{mandate_id}")
