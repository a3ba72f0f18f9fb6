"""The page of an activity with what its participant can do there, and the coordinator's hours to countersign."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BeforeValidator, Field, NaiveDatetime

from app.access import Actor, P, may
from app.cohorts.models import EnrolmentState
from app.cohorts.schemas import EnrolmentRef, Why
from app.cohorts.service import see_enrolment
from app.config import Settings
from app.curricula.library import default_library
from app.curricula.schema import Curriculum
from app.db import Session, SessionDep
from app.errors import NotFound
from app.learning import service, service_hand_ins, service_hours
from app.learning.rules import ATTEMPTS, MEGABYTE, TYPES, clean_name
from app.learning.schemas import (
    CompletionCommand,
    CountersignCommand,
    FileCommand,
    HoursCommand,
    TextCommand,
)
from app.progress.service_path import progress_of
from app.text import today
from app.web import Command, Line, Prose, render, see_other

router = APIRouter(include_in_schema=False)

ACTIVITY = "/parcours/{enrolment_id}/activites/{code}"


def activity_path(enrolment_id: int, code: str) -> str:
    """Where an activity of someone's path is."""
    return f"/parcours/{enrolment_id}/activites/{code}"


def _curriculum(enrolment: EnrolmentRef) -> Curriculum:
    return default_library().curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)


def _see(session: Session, actor: Actor, enrolment_id: int, code: str) -> EnrolmentRef:
    """The enrolment, when its path has the activity."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    if code not in _curriculum(enrolment).placed:
        raise NotFound
    return enrolment


def _moment(value: datetime | None, enrolment: EnrolmentRef) -> datetime | None:
    """A moment typed where the cohort is; of the doubled hour of November, the first."""
    return value.replace(tzinfo=ZoneInfo(enrolment.timezone)) if value is not None else None


@router.get(ACTIVITY)
def show_activity(
    actor: Annotated[Actor, may(P.EVIDENCE_READ)], session: SessionDep, request: Request, enrolment_id: int, code: str
) -> HTMLResponse:
    """Instructions, where the activity stands and, for its participant, what can be done now."""
    enrolment = _see(session, actor, enrolment_id, code)
    curriculum, library = _curriculum(enrolment), default_library()
    progress = progress_of(session, enrolment)
    module = curriculum.module_of(code)
    settings: Settings = request.app.state.settings
    own = enrolment.person_id == actor.person_id
    attempts = service_hand_ins.attempts(session, enrolment, code)
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
        hours=[h for h in service_hours.hours_of(session, enrolment) if h.activity_code == code],
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
    session: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[DoneForm, Form()],
) -> RedirectResponse:
    """Mark done or take back."""
    enrolment = _see(session, actor, enrolment_id, code)
    command = CompletionCommand(activity_code=code, done=form.done, done_on=form.done_on)
    service.complete(session, actor, enrolment, command)
    return see_other(activity_path(enrolment_id, code))


class TextForm(Command):
    """A text, and when it was finished in the cohort's zone."""

    body: Prose
    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/textes")
def hand_in_text(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    session: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[TextForm, Form()],
) -> RedirectResponse:
    """Hand in a text."""
    enrolment = _see(session, actor, enrolment_id, code)
    command = TextCommand(activity_code=code, body=form.body, completed_at=_moment(form.completed_at, enrolment))
    service_hand_ins.hand_in_text(session, actor, enrolment, command)
    return see_other(activity_path(enrolment_id, code) + "#remises")


class UploadForm(Command):
    """A file, and when it was finished in the cohort's zone."""

    file: UploadFile
    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/fichiers")
def hand_in_file(
    *,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    session: SessionDep,
    request: Request,
    enrolment_id: int,
    code: str,
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
) -> RedirectResponse:
    """Hand in a file."""
    settings: Settings = request.app.state.settings
    enrolment = _see(session, actor, enrolment_id, code)
    command = FileCommand(
        activity_code=code,
        name=clean_name(form.file.filename or ""),
        content=form.file.file.read(settings.upload_megabytes * MEGABYTE + 1),
        completed_at=_moment(form.completed_at, enrolment),
    )
    service_hand_ins.hand_in_file(
        session, actor, enrolment, command, root=settings.data_dir, megabytes=settings.upload_megabytes
    )
    return see_other(activity_path(enrolment_id, code) + "#remises")


def _point(value: str) -> str:
    """People write 1,5; a number field sends 1.5."""
    return value.replace(",", ".")


class HoursForm(Command):
    """Time in an enterprise, in hours and quarters."""

    hours: Annotated[Decimal, BeforeValidator(_point), Field(gt=0, le=24, multiple_of=Decimal("0.25"))]
    worked_on: date
    note: Line | None = None


@router.post(ACTIVITY + "/heures")
def declare_hours(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    session: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[HoursForm, Form()],
) -> RedirectResponse:
    """Declare field hours."""
    enrolment = _see(session, actor, enrolment_id, code)
    command = HoursCommand(activity_code=code, minutes=int(form.hours * 60), worked_on=form.worked_on, note=form.note)
    service_hours.declare_hours(session, actor, enrolment, command)
    return see_other(activity_path(enrolment_id, code) + "#heures")


# The coordinator's side -------------------------------------------------------------------------


@router.get("/heures")
def show_hours(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], session: SessionDep, request: Request
) -> HTMLResponse:
    """Hours that wait for a decision, oldest first."""
    pending = service_hours.hours_to_countersign(session, actor)
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
    reason: Why | None = None


@router.post("/heures")
def decide(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)], session: SessionDep, form: Annotated[DecisionForm, Form()]
) -> RedirectResponse:
    """Accept or refuse the ticked lines, all or none."""
    hours = [service_hours.see_hours(session, actor, hours_id) for hours_id in form.chosen]
    command = CountersignCommand(accepted=form.decision is Decision.ACCEPT, reason=form.reason)
    service_hours.countersign_all(session, actor, hours, command)
    return see_other("/heures")


class RevisionForm(Command):
    """Another decision on hours already decided."""

    decision: Decision
    reason: Why
    supersedes: int


@router.post("/heures/{hours_id}")
def decide_again(
    actor: Annotated[Actor, may(P.HOURS_COUNTERSIGN)],
    session: SessionDep,
    hours_id: int,
    form: Annotated[RevisionForm, Form()],
) -> RedirectResponse:
    """Change a decision, saying why; the first one stays in the record."""
    hours = service_hours.see_hours(session, actor, hours_id)
    command = CountersignCommand(
        accepted=form.decision is Decision.ACCEPT, reason=form.reason, supersedes=form.supersedes
    )
    service_hours.countersign(session, actor, hours, command)
    return see_other(activity_path(hours.enrolment_id, hours.activity_code) + "#heures")
