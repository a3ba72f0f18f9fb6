"""The page of an activity with what its participant can do there, and the coordinator's hours to countersign."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BeforeValidator, Field

from app.cohorts.schemas import Justification
from app.curricula.library import default_library
from app.learning.activities.pages import ACTIVITY, activity_path, see_activity
from app.learning.field_hours import service
from app.learning.field_hours.schemas import CountersignCommand, HoursCommand
from app.platform.schema import Command, Line
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


def _comma_to_point(value: str) -> str:
    """Return ``1.5`` for ``1,5``: people write the comma, a number field sends the point."""
    return value.replace(",", ".")


class HoursForm(Command):
    """Time in an enterprise, in hours and quarters."""

    hours: Annotated[Decimal, BeforeValidator(_comma_to_point), Field(gt=0, le=24, multiple_of=Decimal("0.25"))]
    worked_on: date
    note: Line | None = None


@router.post(ACTIVITY + "/heures")
def declare_hours(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[HoursForm, Form()],
) -> RedirectResponse:
    """Declare field hours."""
    enrolment = see_activity(db, actor, enrolment_id, code)
    command = HoursCommand(activity_code=code, minutes=int(form.hours * 60), worked_on=form.worked_on, note=form.note)
    service.declare_hours(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment_id, code) + "#heures")


# The coordinator's side -------------------------------------------------------------------------


@router.get("/heures")
def show_hours(actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], db: SessionDep, request: Request) -> HTMLResponse:
    """Hours that wait for a decision, oldest first."""
    pending = service.hours_to_countersign(db, actor)
    library = default_library()
    titles = {
        h.id: library.curriculum(h.curriculum_slug, h.curriculum_version).activity(h.activity_code).title.text
        for h in pending
    }
    return render(request, "learning/hours.html", pending=pending, titles=titles)


class Decision(StrEnum):
    """What a button of the form says."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class DecisionForm(Command):
    """One decision on the lines that are ticked."""

    chosen: Annotated[tuple[int, ...], Field(min_length=1)]
    decision: Decision
    reason: Justification | None = None


@router.post("/heures")
def decide(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], db: SessionDep, form: Annotated[DecisionForm, Form()]
) -> RedirectResponse:
    """Accept or refuse the ticked lines, all or none."""
    hours = [service.see_hours(db, actor, hours_id) for hours_id in form.chosen]
    command = CountersignCommand(accepted=form.decision is Decision.ACCEPT, reason=form.reason)
    service.countersign_all(db, actor, hours, command)
    return redirect_after_post("/heures")


class RevisionForm(Command):
    """Another decision on hours already decided."""

    decision: Decision
    reason: Justification
    supersedes: int


@router.post("/heures/{hours_id}")
def decide_again(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    db: SessionDep,
    hours_id: int,
    form: Annotated[RevisionForm, Form()],
) -> RedirectResponse:
    """Change a decision, saying why; the first one stays in the record."""
    hours = service.see_hours(db, actor, hours_id)
    command = CountersignCommand(
        accepted=form.decision is Decision.ACCEPT, reason=form.reason, supersedes=form.supersedes
    )
    service.countersign(db, actor, hours, command)
    return redirect_after_post(activity_path(hours.enrolment_id, hours.activity_code) + "#heures")
