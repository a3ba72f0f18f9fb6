"""The page of a college's schedule of destruction, with its dry run."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.codev.destruction import service
from app.codev.destruction.rules import NOTICE_DAYS
from app.codev.destruction.schemas import ScheduleCommand, ScheduleForm, TriedQuery
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

PAGE = "/colleges/{college_id}/confidences"
OfCollege = Annotated[CollegeShown, seen(see_college, P.CODEV_MANAGE)]


@router.get(PAGE)
def schedule_page(
    request: Request, db: SessionDep, college: OfCollege, query: Annotated[TriedQuery, Query()]
) -> Response:
    """The schedule, and a dry run of it or of another number of days: what would be destroyed, and when."""
    return render(
        request,
        "codev/destruction.html",
        college=college,
        schedule=service.schedule(db, college, query.jours),
        notice_days=NOTICE_DAYS,
    )


@router.post(PAGE, dependencies=[form_on(PAGE)])
def confirm_schedule(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    college: OfCollege,
    form: Annotated[ScheduleForm, Form()],
) -> Response:
    """Confirm the schedule, or take it back; asked for a dry run, show it and write nothing."""
    path = f"/colleges/{college.id}/confidences"
    if form.essai:
        return redirect_after_post(f"{path}?jours={form.days or ''}")
    service.confirm(db, actor, college, ScheduleCommand(days=form.days))
    return redirect_after_post(path)
