"""The page of a college's schedule of destruction, with its dry run."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.destruction import service
from app.codev.destruction.rules import NOTICE_DAYS
from app.codev.destruction.schemas import ScheduleCommand
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
def schedule_page(request: Request, db: SessionDep, college: OfCollege) -> Response:
    """The schedule, and what it means today for each group."""
    return render(
        request,
        "codev/destruction.html",
        college=college,
        schedule=service.schedule(db, college),
        notice_days=NOTICE_DAYS,
    )


@router.post(PAGE, dependencies=[form_on(PAGE)])
def confirm_schedule(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    college: OfCollege,
    form: Annotated[ScheduleCommand, Form()],
) -> Response:
    """Confirm the schedule, or take it back."""
    service.confirm(db, actor, college, form)
    return redirect_after_post(f"/colleges/{college.id}/confidences")
