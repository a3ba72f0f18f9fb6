"""The page of an activity with what its participant can do there, and the coordinator's hours to countersign."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import EnrolmentState
from app.curricula.library import default_library
from app.curricula.schemas import Curriculum
from app.learning.activities import service
from app.learning.activities.rules import ATTEMPTS
from app.learning.activities.schemas import CompletionCommand
from app.learning.field_hours import service as field_hours
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.rules import TYPES
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render
from app.progress.path.service import progress_of

router = APIRouter(include_in_schema=False)

ACTIVITY = "/parcours/{enrolment_id}/activites/{code}"


def activity_path(enrolment_id: int, code: str) -> str:
    """Where an activity of someone's path is."""
    return f"/parcours/{enrolment_id}/activites/{code}"


def _curriculum(enrolment: EnrolmentRef) -> Curriculum:
    return default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)


def see_activity(db: Session, actor: Actor, enrolment_id: int, code: str) -> EnrolmentRef:
    """The enrolment, when its path has the activity."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    if code not in _curriculum(enrolment).placed:
        raise NotFound
    return enrolment


def activity_moment(value: datetime | None, enrolment: EnrolmentRef) -> datetime | None:
    """A moment typed where the cohort is; of the doubled hour of November, the first."""
    return value.replace(tzinfo=ZoneInfo(enrolment.timezone)) if value is not None else None


@router.get(ACTIVITY)
def show_activity(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], db: SessionDep, request: Request, enrolment_id: int, code: str
) -> HTMLResponse:
    """Instructions, where the activity stands and, for its participant, what can be done now."""
    enrolment = see_activity(db, actor, enrolment_id, code)
    curriculum, library = _curriculum(enrolment), default_library()
    progress = progress_of(db, enrolment)
    module = curriculum.module_of(code)
    settings: Settings = request.app.state.settings
    own = enrolment.person_id == actor.person_id
    attempts = hand_ins.attempts(db, enrolment, code)
    return render(
        request,
        "learning/activity.html",
        enrolment=enrolment,
        activity=curriculum.activity(code),
        module=module,
        standing=progress.activity(code),
        due_on=next(m.due_on for m in progress.modules if m.code == module.code),
        page=library.page(curriculum.slug, curriculum.version, code),
        criteria=library.framework_of(curriculum).criteria,
        own=own,
        writable=own and enrolment.state is EnrolmentState.ACTIVE,
        attempts=attempts,
        attempts_left=ATTEMPTS - len(attempts),
        hours=[h for h in field_hours.hours_of(db, enrolment) if h.activity_code == code],
        accept=",".join(f".{kind}" for kind in TYPES),
        megabytes=settings.upload_megabytes,
        today=today(enrolment.timezone),
    )


class DoneForm(Command):
    """Done, or not after all."""

    done: bool
    done_on: date | None = None


@router.post(ACTIVITY + "/etat")
def mark(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[DoneForm, Form()],
) -> RedirectResponse:
    """Mark done or take back."""
    enrolment = see_activity(db, actor, enrolment_id, code)
    command = CompletionCommand(activity_code=code, done=form.done, done_on=form.done_on)
    service.complete(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment_id, code))
