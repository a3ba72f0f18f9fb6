"""Someone's path: what is done, what is left and why. The same page is the person's file for those who follow them."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.attendance.calendar.service import coming_session
from app.cohorts.enrolments.service import moves, see_enrolment
from app.curricula.library import default_library
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render
from app.progress.next_steps.rules import next_steps
from app.progress.path.service import paths_of, progress_of
from app.progress.rules import is_at_risk, is_late

router = APIRouter(include_in_schema=False)


@router.get("/parcours")
def show_paths(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """One's own enrolments; straight to it when there is only one."""
    paths = paths_of(db, actor.person_id)
    if len(paths) == 1:
        return redirect_after_post(f"/parcours/{paths[0].enrolment_id}")
    library = default_library()
    titles = {p.enrolment_id: library.curriculum(p.curriculum_slug, p.curriculum_version).title.text for p in paths}
    return render(request, "progress/paths.html", paths=paths, titles=titles)


@router.get("/parcours/{enrolment_id}")
def show_path(
    actor: Annotated[Actor, may(P.PROGRESS_READ)], db: SessionDep, request: Request, enrolment_id: int
) -> HTMLResponse:
    """The whole of an enrolment's progress, with its history."""
    enrolment = see_enrolment(db, actor, enrolment_id)
    progress = progress_of(db, enrolment)
    library = default_library()
    curriculum = library.curriculum(enrolment.curriculum_slug, enrolment.curriculum_version)
    day = today(enrolment.timezone)
    return render(
        request,
        "progress/path.html",
        enrolment=enrolment,
        progress=progress,
        curriculum=curriculum,
        framework=library.framework_of(curriculum),
        own=enrolment.person_id == actor.person_id,
        steps=next_steps(progress),
        coming=coming_session(db, enrolment),
        late=is_late(progress.next_due_on, day),
        at_risk=is_at_risk(progress.next_due_on, progress.attended_minutes, progress.attendance_base_minutes, day),
        today=day,
        moves=moves(db, enrolment),
    )
