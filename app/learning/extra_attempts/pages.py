"""The form of an activity's page that opens one more attempt."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.paths import ACTIVITY, activity_path, require_activity
from app.learning.extra_attempts import service
from app.learning.extra_attempts.schemas import ExtraAttemptCommand, OpeningReason
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


class OpenForm(Command):
    """Why one more attempt is opened."""

    reason: OpeningReason


@router.post(ACTIVITY + "/tentatives", dependencies=[form_on(ACTIVITY, creates=True)])
def open_attempt(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ENROLMENT_MANAGE)],
    code: str,
    form: Annotated[OpenForm, Form()],
) -> RedirectResponse:
    """Open one more attempt."""
    require_activity(enrolment, code)
    service.open_attempt(db, actor, enrolment, ExtraAttemptCommand(activity_code=code, reason=form.reason))
    return redirect_after_post(activity_path(enrolment.id, code) + "#remises")
