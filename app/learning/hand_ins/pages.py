"""The page of an activity with what its participant can do there, and the coordinator's hours to countersign."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import NaiveDatetime

from app.learning.activities.pages import ACTIVITY, activity_moment, activity_path, see_activity
from app.learning.hand_ins import service
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.learning.hand_ins.schemas import FileCommand, TextCommand
from app.platform.config import Settings
from app.platform.schema import Command, Prose
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post

router = APIRouter(include_in_schema=False)


class TextForm(Command):
    """A text, and when it was finished in the cohort's zone."""

    body: Prose
    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/textes")
def hand_in_text(
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    enrolment_id: int,
    code: str,
    form: Annotated[TextForm, Form()],
) -> RedirectResponse:
    """Hand in a text."""
    enrolment = see_activity(db, actor, enrolment_id, code)
    command = TextCommand(
        activity_code=code, body=form.body, completed_at=activity_moment(form.completed_at, enrolment)
    )
    service.hand_in_text(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment_id, code) + "#remises")


class UploadForm(Command):
    """A file, and when it was finished in the cohort's zone."""

    file: UploadFile
    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/fichiers")
def hand_in_file(
    *,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    db: SessionDep,
    request: Request,
    enrolment_id: int,
    code: str,
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
) -> RedirectResponse:
    """Hand in a file."""
    settings: Settings = request.app.state.settings
    enrolment = see_activity(db, actor, enrolment_id, code)
    command = FileCommand(
        activity_code=code,
        name=clean_name(form.file.filename or ""),
        content=form.file.file.read(settings.upload_megabytes * MEGABYTE + 1),
        completed_at=activity_moment(form.completed_at, enrolment),
    )
    service.hand_in_file(db, actor, enrolment, command, root=settings.data_dir, megabytes=settings.upload_megabytes)
    return redirect_after_post(activity_path(enrolment_id, code) + "#remises")
