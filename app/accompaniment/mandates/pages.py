"""Pages of mandates: the list with the form of a new one, and a mandate with its milestones and hours."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.accompaniment.enterprises import service as enterprises
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.field_hours.schemas import HoursState
from app.accompaniment.field_hours.service import hours_under
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.rules import ORDER, Stage
from app.accompaniment.mandates.schemas import (
    MandateRef,
    MandateShown,
    MandatesQuery,
    MilestoneCommand,
    NewMandateForm,
)
from app.accompaniment.mandates.service import see_mandate
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.enums import MandateKind
from app.network import service as network
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Permission
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


@router.get("/mandats", dependencies=[keyed_page()])
def list_mandates(
    request: Request,
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    db: SessionDep,
    query: Annotated[MandatesQuery, Query()],
) -> Response:
    """Mandates by stage, with the form of a new one; the query may choose its advisor and its enterprise."""
    enterprise = query.entreprise
    return render(
        request,
        "accompaniment/mandates.html",
        mandates=ListView("/mandats", query, mandates.list_mandates(db, actor.using(P.MANDATE_READ), query)),
        accompanied=mandates.accompanied_enterprises(db, actor.using(P.MANDATE_READ)),
        stages=tuple(Stage),
        kinds=tuple(MandateKind),
        advisors=mandates.advisor_choices(db, actor.using(P.MANDATE_MANAGE), query.inscription),
        chosen_advisor=query.inscription,
        enterprise=enterprises.see_enterprise(db, actor.using(P.MANDATE_MANAGE), enterprise) if enterprise else None,
        regions=[(r.code, r.name) for r in network.regions(db)],
        sizes=tuple(EnterpriseSize),
    )


@router.post("/mandats", dependencies=[form_on("/mandats?entreprise={enterprise_id}", creates=True)])
def open_mandate(
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    db: SessionDep,
    form: Annotated[NewMandateForm, Form()],
) -> Response:
    """Open a mandate, then show it."""
    with form_errors():  # a new enterprise may be incomplete
        command = form.command
    mandate = mandates.open_mandate(db, actor, [see_enrolment(db, actor, form.enrolment_id)], command)
    return redirect_after_post(f"/mandats/{mandate.id}")


@router.get("/mandats/{mandate_id}", dependencies=[keyed_page()])
def mandate_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_READ)],
    mandate: Annotated[MandateRef, seen(see_mandate, P.MANDATE_READ)],
) -> Response:
    """A mandate with its enterprise, its advisors and the timeline of its milestones."""
    shown = mandates.mandate(db, mandate)
    milestones = {m.kind: m for m in shown.milestones}
    hours = hours_under(db, actor.using(P.EVIDENCE_READ), mandate)
    return render(
        request,
        "accompaniment/mandate.html",
        mandate=shown,
        timeline=[(kind, milestones.get(kind)) for kind in ORDER],
        hours=hours,
        accepted_minutes=sum(h.minutes for h in hours if h.state is HoursState.ACCEPTED),
        declared_minutes=sum(h.minutes for h in hours if h.state is not HoursState.REFUSED),
        region=network.region_name(db, shown.enterprise.region_code),
        today=today(network.timezone_of(db, shown.college_id)),
        manages=_sees_with(db, actor, shown, P.MANDATE_MANAGE),
        confirms=_confirms(db, actor, shown),
    )


def _confirms(db: Session, actor: Actor, mandate: MandateShown) -> bool:
    """Whether the actor may confirm what others recorded: never in a mandate of their own."""
    is_own = any(a.person_id == actor.person_id for a in mandate.advisors)
    return not is_own and _sees_with(db, actor, mandate, P.MANDATE_CONFIRM)


def _sees_with(db: Session, actor: Actor, mandate: MandateRef, permission: Permission) -> bool:
    """Whether the mandate is within the actor's reach with another permission too."""
    try:
        see_mandate(db, actor.using(permission), mandate.id)
    except NotFound:
        return False
    return True


@router.post("/mandats/{mandate_id}/jalons", dependencies=[form_on("/mandats/{mandate_id}", creates=True)])
def record_milestone(
    db: SessionDep,
    actor: Annotated[Actor, may(P.MANDATE_MANAGE)],
    mandate: Annotated[MandateRef, seen(see_mandate, P.MANDATE_MANAGE)],
    form: Annotated[MilestoneCommand, Form()],
) -> Response:
    """Record or correct a milestone."""
    mandates.record_milestone(db, actor, mandate, form)
    return redirect_after_post(f"/mandats/{mandate.id}")
