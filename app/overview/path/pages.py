"""HTML pages of the paths that a person follows: what is done, what is left and why.

The trainers and coordinators of the person read the same page as the person's file.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.attendance.calendar.service import next_session
from app.cohorts.enrolments.history import moves
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.library import curriculum_of, default_library
from app.grading.levels.service import levels_of
from app.grading.works.service import works_of
from app.holds.service import open_holds_for
from app.learning.packages.rules import MOST_MEGABYTES
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render
from app.progress.next_steps.rules import next_steps
from app.progress.path.service import paths_of, progress_of
from app.progress.risk.rules import is_at_risk, is_late, required_attendance_pct
from app.transfers.reading import carried_to

router = APIRouter(include_in_schema=False)

CHOOSES_SOLUTION = "SPE-5"
"""The module in which a solution is chosen: what the trainers sell is read there (S6)."""


@router.get("/parcours")
def show_paths(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """List one's own enrolments; redirect to the only one when there is no other."""
    paths = paths_of(db, actor.person_id)
    if len(paths) == 1:
        return redirect_after_post(f"/parcours/{paths[0].enrolment_id}")
    titles = {p.enrolment_id: curriculum_of(p).title.text for p in paths}
    return render(request, "progress/paths.html", paths=paths, titles=titles)


@router.get("/parcours/{enrolment_id}")
def show_path(
    actor: Annotated[Actor, may(P.PROGRESS_READ)],
    db: SessionDep,
    request: Request,
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.PROGRESS_READ)],
) -> HTMLResponse:
    """Show the whole progress of an enrolment, with its history."""
    progress = progress_of(db, enrolment)
    curriculum = curriculum_of(enrolment)
    works = works_of(db, enrolment)
    day = today(enrolment.timezone)
    return render(
        request,
        "progress/path.html",
        enrolment=enrolment,
        progress=progress,
        curriculum=curriculum,
        framework=default_library().framework_of(curriculum),
        own=enrolment.person_id == actor.person_id,
        steps=next_steps(progress),
        works={work.activity_code: work for work in works if work.activity_code},
        mandates=[work for work in works if not work.activity_code],
        criteria=default_library().framework_of(curriculum).criteria,
        coming=next_session(db, enrolment),
        late=is_late(progress.next_due_on, day),
        at_risk=is_at_risk(
            progress.next_due_on,
            progress.attended_minutes,
            progress.attendance_base_minutes,
            day,
            min_attendance_pct=required_attendance_pct(curriculum),
        ),
        today=day,
        vendors_on=CHOOSES_SOLUTION if actor.can(P.JUDGEMENT_READ) else None,
        package_megabytes=MOST_MEGABYTES,
        weights={w.competency_code: w for w in levels_of(db, enrolment)},
        moves=moves(db, enrolment),
        holds=open_holds_for(db, actor, enrolment),
        carried=carried_to(db, enrolment),
    )
