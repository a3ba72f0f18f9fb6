"""The form that marks an activity done; its page gathers several features (``overview``)."""

from datetime import date
from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities import service
from app.learning.activities.paths import ACTIVITY, activity_path, require_activity
from app.learning.activities.schemas import CompletionCommand
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


class DoneForm(Command):
    """Whether the activity is done, and on which day."""

    done: bool
    done_on: date | None = None


@router.post(ACTIVITY + "/etat", dependencies=[form_on(ACTIVITY)])
def mark(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    form: Annotated[DoneForm, Form()],
) -> RedirectResponse:
    """Mark the activity done, or not done after all."""
    require_activity(enrolment, code)
    command = CompletionCommand(activity_code=code, done=form.done, done_on=form.done_on)
    service.complete(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment.id, code))
