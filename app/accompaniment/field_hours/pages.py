"""Pages of field hours: the participant's form to declare them, the coordinator's page to countersign them."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from app.accompaniment.field_hours import service
from app.accompaniment.field_hours.rules import MINUTES_A_DAY
from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand, HoursQuery, HoursShown
from app.accompaniment.field_hours.service import see_hours
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.schemas import Justification
from app.curricula.library import curriculum_of
from app.learning.activities.paths import ACTIVITY, activity_path, require_activity
from app.platform.schema import BlankIsNone, Command, Line
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()


class HoursForm(Command):
    """Time in an enterprise, chosen in half-hours, and the mandate it was spent under."""

    minutes: Annotated[int, Field(ge=1, le=MINUTES_A_DAY)]
    worked_on: date
    mandate_id: Annotated[int | None, BlankIsNone] = None
    note: Line | None = None


@router.post(ACTIVITY + "/heures", dependencies=[form_on(ACTIVITY, creates=True)])
def declare_hours(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    form: Annotated[HoursForm, Form()],
) -> RedirectResponse:
    """Declare field hours."""
    require_activity(enrolment, code)
    command = HoursCommand(activity_code=code, **form.model_dump())
    service.declare_hours(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment.id, code) + "#heures")


@router.get("/heures")
def show_hours(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    db: SessionDep,
    request: Request,
    query: Annotated[HoursQuery, Query()],
) -> HTMLResponse:
    """The hours pending a decision, oldest first."""
    page = service.list_hours_to_countersign(db, actor, query)
    titles = {h.id: curriculum_of(h).activity(h.activity_code).title.text for h in page.items}
    return render(request, "accompaniment/hours.html", pending=ListView("/heures", query, page), titles=titles)


class Decision(StrEnum):
    """The value of a button of the form."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class DecisionForm(Command):
    """One decision on the hours whose boxes are ticked."""

    chosen: Annotated[tuple[int, ...], Field(min_length=1)]
    decision: Decision
    reason: Justification | None = None


@router.post("/heures", dependencies=[form_on("/heures")])
def decide(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], db: SessionDep, form: Annotated[DecisionForm, Form()]
) -> RedirectResponse:
    """Accept or refuse the ticked hours, all or none."""
    hours = [see_hours(db, actor, hours_id) for hours_id in form.chosen]
    command = CountersignCommand(accepted=form.decision is Decision.ACCEPT, reason=form.reason)
    service.countersign_all(db, actor, hours, command)
    return redirect_after_post("/heures")


class RevisionForm(Command):
    """A new decision on hours already decided."""

    decision: Decision
    reason: Justification
    supersedes: int


@router.post("/heures/{hours_id}", dependencies=[form_on(ACTIVITY)])
def revise(
    db: SessionDep,
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    hours: Annotated[HoursShown, seen(see_hours, P.HOURS_COUNTERSIGN)],
    form: Annotated[RevisionForm, Form()],
) -> RedirectResponse:
    """Supersede a decision, with a reason; the first one stays recorded."""
    command = CountersignCommand(
        accepted=form.decision is Decision.ACCEPT, reason=form.reason, supersedes=form.supersedes
    )
    service.countersign(db, actor, hours, command)
    return redirect_after_post(activity_path(hours.enrolment_id, hours.activity_code) + "#heures")
