"""Someone's path: what is done, what is left and why. The same page is the person's file for those who follow them."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.access import Actor, P, may
from app.cohorts.service import moves, see_enrolment
from app.curricula.library import default_library
from app.db import SessionDep
from app.progress.rules import is_at_risk, is_late
from app.progress.rules_next import next_steps
from app.progress.service_path import coming_session, paths_of, progress_of
from app.text import today
from app.web import render, see_other

router = APIRouter(include_in_schema=False)


@router.get("/parcours")
def show_paths(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep, request: Request) -> Response:
    """One's own enrolments; straight to it when there is only one."""
    paths = paths_of(session, actor.person_id)
    if len(paths) == 1:
        return see_other(f"/parcours/{paths[0].enrolment_id}")
    library = default_library()
    titles = {p.enrolment_id: library.curriculum(p.curriculum_slug, p.curriculum_version).title.text for p in paths}
    return render(request, "progress/paths.html", paths=paths, titles=titles)


@router.get("/parcours/{enrolment_id}")
def show_path(
    actor: Annotated[Actor, may(P.PROGRESS_READ)], session: SessionDep, request: Request, enrolment_id: int
) -> HTMLResponse:
    """The whole of an enrolment's progress, with its history."""
    enrolment = see_enrolment(session, actor, enrolment_id)
    progress = progress_of(session, enrolment)
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
        coming=coming_session(session, enrolment),
        late=is_late(progress.next_due_on, day),
        at_risk=is_at_risk(progress.next_due_on, progress.attended_minutes, progress.attendance_base_minutes, day),
        today=day,
        moves=moves(session, enrolment),
    )
