"""Forms of the activity page that hand in a text or a file."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse
from pydantic import NaiveDatetime

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.paths import ACTIVITY, activity_path, cohort_moment, require_activity
from app.learning.hand_ins import service
from app.learning.hand_ins.schemas import FileCommand, TextCommand, WebLink
from app.learning.hand_ins.sent_file import SentFile
from app.platform.schema import Command, Prose
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


class TextForm(Command):
    """A text, with a link or not, and the local time at which it was finished in the cohort's zone."""

    body: Prose
    link: WebLink | None = None
    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/textes", dependencies=[form_on(ACTIVITY, creates=True)])
def hand_in_text(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    form: Annotated[TextForm, Form()],
) -> RedirectResponse:
    """Hand in a text."""
    require_activity(enrolment, code)
    completed_at = cohort_moment(form.completed_at, enrolment)
    command = TextCommand(activity_code=code, body=form.body, link=form.link, completed_at=completed_at)
    service.hand_in_text(db, actor, enrolment, command)
    return redirect_after_post(activity_path(enrolment.id, code) + "#remises")


class FileForm(SentFile):
    """A file, and the local time at which it was finished in the cohort's zone."""

    completed_at: NaiveDatetime | None = None


@router.post(ACTIVITY + "/fichiers", dependencies=[form_on(ACTIVITY, creates=True)])
def hand_in_file(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.ACTIVITY_DO)],
    code: str,
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> RedirectResponse:
    """Hand in a file."""
    require_activity(enrolment, code)
    megabytes = settings.upload_megabytes
    sent = form.named(db, actor, enrolment, files=files, megabytes=megabytes)
    command = FileCommand(activity_code=code, completed_at=cohort_moment(form.completed_at, enrolment), **sent)
    service.hand_in_file(db, actor, enrolment, command, files=files, megabytes=megabytes)
    return redirect_after_post(activity_path(enrolment.id, code) + "#remises")
