"""The page of an activity, with the forms that its participant may use, and the form that marks it done."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import EnrolmentState
from app.curricula.library import curriculum_of, default_library
from app.learning.activities import service
from app.learning.activities.rules import ATTEMPTS, TRACES
from app.learning.activities.schemas import CompletionCommand
from app.learning.field_hours.service import hours_of
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.rules import ACCEPTED
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render
from app.progress.path.service import progress_of
from app.resources.rules import places_named_by

router = page_router()

ACTIVITY = "/parcours/{enrolment_id}/activites/{code}"


def activity_path(enrolment_id: int, code: str) -> str:
    """Return the path of the page of an activity."""
    return f"/parcours/{enrolment_id}/activites/{code}"


def require_activity(enrolment: EnrolmentRef, code: str) -> None:
    """Raise ``NotFound`` when the path of the enrolment has no such activity."""
    if code not in curriculum_of(enrolment).placed:
        raise NotFound


def cohort_moment(value: datetime | None, enrolment: EnrolmentRef) -> datetime | None:
    """Return a local time as a moment in the cohort's zone; the first one when clocks go back over it."""
    return value.replace(tzinfo=ZoneInfo(enrolment.timezone)) if value is not None else None


@router.get(ACTIVITY, dependencies=[keyed_page()])
def show_activity(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> HTMLResponse:
    """Instructions and progress of an activity and, for its participant, the forms available now."""
    require_activity(enrolment, code)
    curriculum, library = curriculum_of(enrolment), default_library()
    progress = progress_of(db, enrolment)
    module = curriculum.module_of(code)
    own = enrolment.person_id == actor.person_id
    attempts = hand_ins.attempts(db, enrolment, code)
    takes_trace = library.takes_trace(curriculum, code)
    return render(
        request,
        "learning/activity.html",
        enrolment=enrolment,
        activity=curriculum.activity(code),
        module=module,
        progress=progress.activity(code),
        due_on=next(m.due_on for m in progress.modules if m.code == module.code),
        page=library.page(curriculum.slug, curriculum.version, code),
        criteria=library.framework_of(curriculum).criteria,
        own=own,
        writable=own and enrolment.state is EnrolmentState.ACTIVE,
        attempts=attempts,
        takes_trace=takes_trace,
        places=places_named_by(code),
        deposits_left=(TRACES if takes_trace else ATTEMPTS) - len(attempts),
        hours=[h for h in hours_of(db, enrolment) if h.activity_code == code],
        accept=",".join(f".{kind}" for kind in ACCEPTED),
        megabytes=settings.upload_megabytes,
        today=today(enrolment.timezone),
    )


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
