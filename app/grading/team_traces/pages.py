"""The forms of an activity's page that name the team of a trace, and that leave one."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.team_traces import service
from app.grading.team_traces.schemas import TeamCommand, TeamTrace, TraceRef
from app.grading.team_traces.service import see_team_trace, see_trace
from app.learning.activities.paths import ACTIVITY, activity_path
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


@router.post(ACTIVITY + "/depots/{hand_in_id}/equipe", dependencies=[form_on(ACTIVITY)])
def name_team(
    *,
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    trace: Annotated[TraceRef, seen(see_trace, P.ACTIVITY_DO)],
    form: Annotated[TeamCommand, Form()],
) -> RedirectResponse:
    """Name who made a trace with its author."""
    if (trace.enrolment.id, trace.activity_code) != (enrolment.id, code):
        raise NotFound
    service.name_team(db, actor, trace, form)
    return redirect_after_post(activity_path(enrolment.id, code) + "#remises")


@router.post(ACTIVITY + "/equipes/{share_id}/retrait", dependencies=[form_on(ACTIVITY)])
def leave_team(
    *,
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    trace: Annotated[TeamTrace, seen(see_team_trace, P.ACTIVITY_DO)],
) -> RedirectResponse:
    """Say that one is not of the team of a trace."""
    if (trace.enrolment_id, trace.activity_code) != (enrolment.id, code):
        raise NotFound
    service.leave_team(db, actor, trace)
    return redirect_after_post(activity_path(enrolment.id, code))
