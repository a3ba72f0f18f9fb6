"""Pages of accompaniment: enterprises, mandates and their dated facts."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.forms import form_values
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.rules import ORDER, Stage
from app.accompaniment.mandates.schemas import MandateRef, MandateShown, MilestoneCommand, NewMandate, NewMandateForm
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.enums import MandateKind
from app.network import service as network
from app.platform.database.session import Session
from app.platform.errors import DomainError, NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100)]


# Mandates ---------------------------------------------------------------------------------------


@router.get("/mandats")
def list_mandates(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    db: SessionDep,
    *,
    etape: Stage | None = None,
    apres: int | None = None,
    inscription: int | None = None,
    entreprise: int | None = None,
) -> Response:
    """Mandates by stage, with the form of a new one; a link may choose its advisor and its enterprise."""
    values = _mandates(db, actor, etape, apres)
    typed = form_values({"enrolment_id": inscription, "enterprise_id": entreprise})
    chosen = _chosen(db, actor, entreprise)
    return render(request, "accompaniment/mandates.html", **values, **typed, chosen=chosen)


def _chosen(db: Session, actor: Actor, enterprise_id: int | None) -> str | None:
    """The name of the enterprise that a link chose."""
    if enterprise_id is None:
        return None
    return enterprises.see_enterprise(db, actor.using(P.MANDATE_MANAGE), enterprise_id).name


def _mandates(db: Session, actor: Actor, stage: Stage | None, after: int | None) -> dict[str, Any]:
    choices = mandates.advisor_choices(db, actor.using(P.MANDATE_MANAGE))
    return {
        "page": mandates.mandates(db, actor.using(P.MANDATE_READ), at=stage, after=after),
        "accompanied": mandates.accompanied_enterprises(db, actor.using(P.MANDATE_READ)),
        "stage": stage,
        "stages": tuple(Stage),
        "kinds": tuple(MandateKind),
        "advisors": choices,
        "regions": [(r.code, r.name) for r in network.regions(db)],
        "sizes": tuple(EnterpriseSize),
    }


@router.post("/mandats")
def open_mandate(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    db: SessionDep,
    form: Annotated[NewMandateForm, Form()],
) -> Response:
    """Open a mandate, then look at it; a refusal shows the form again as it was filled."""
    command = _command(form)
    advisor = see_enrolment(db, actor, form.enrolment_id)
    try:
        found = mandates.open_mandate(db, actor, [advisor], command)
    except NotFound:
        raise
    except DomainError as error:
        values = {**_mandates(db, actor, None, None), **form_values(form.model_dump(), error)}
        chosen = _chosen(db, actor, form.enterprise_id)
        return render(request, "accompaniment/mandates.html", status=error.status, **values, chosen=chosen)
    return redirect_after_post(f"/mandats/{found.id}")


def _command(form: NewMandateForm) -> NewMandate:
    try:
        return form.command
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from error


@router.get("/mandats/{mandate_id}")
def mandate(
    request: Request, actor: Annotated[Actor, may(P.MANDATE_READ)], db: SessionDep, mandate_id: int
) -> Response:
    """A mandate: its enterprise, its advisors, and the three facts as a line of time."""
    found = mandates.mandate(db, mandates.see_mandate(db, actor, mandate_id))
    return render(request, "accompaniment/mandate.html", **_timeline(db, actor, found), **form_values())


def _timeline(db: Session, actor: Actor, found: MandateShown) -> dict[str, Any]:
    facts = {m.kind: m for m in found.milestones}
    return {
        "mandate": found,
        "timeline": [(kind, facts.get(kind)) for kind in ORDER],
        "region": network.region_name(db, found.enterprise.region_code),
        "today": today(network.zone(db, found.college_id)),
        "manages": _manages(db, actor, found),
    }


def _manages(db: Session, actor: Actor, found: MandateRef) -> bool:
    try:
        mandates.see_mandate(db, actor.using(P.MANDATE_MANAGE), found.id)
    except NotFound:
        return False
    return True


@router.post("/mandats/{mandate_id}/jalons")
def record_milestone(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    db: SessionDep,
    mandate_id: int,
    form: Annotated[MilestoneCommand, Form()],
) -> Response:
    """Record or correct a fact; a refusal says why at the fact concerned, what was typed kept."""
    ref = mandates.see_mandate(db, actor, mandate_id)
    try:
        mandates.record_milestone(db, actor, ref, form)
    except DomainError as error:
        values = _timeline(db, actor, mandates.mandate(db, ref))
        said = form_values(form.model_dump(), error)
        return render(request, "accompaniment/mandate.html", status=error.status, **values, **said)
    return redirect_after_post(f"/mandats/{mandate_id}")
