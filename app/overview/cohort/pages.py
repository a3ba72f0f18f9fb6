"""The HTML page of a cohort: its board, who is at risk, its sessions, and its settings."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.attendance.calendar.rules import Stage, stage
from app.attendance.calendar.schemas import SessionRow
from app.attendance.calendar.service import calendar
from app.attendance.catch_ups.service import lists_to_decide
from app.codev.groups.quorum import small_groups
from app.codev.groups.rules import MIN_SIZE
from app.cohorts.enrolments.service import count_by_state
from app.cohorts.enums import EnrolmentState
from app.cohorts.page_context import cohort_context
from app.cohorts.schemas import CohortRef
from app.cohorts.service import allowed_actions, see_cohort
from app.cohorts.unreachable.service import count_unreachable
from app.identity.roles.service import holders
from app.overview.late_join.quorums import people_out_of_reach
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.lists import ListView
from app.platform.web.pages import render
from app.progress.board.schemas import BoardListQuery
from app.progress.board.service import board_page

router = APIRouter(include_in_schema=False)

MAX_COMING_SESSIONS = 3
ACTIONS = (
    P.PROGRESS_READ, P.SESSION_READ, P.SESSION_MANAGE, P.ROLLCALL_RECORD,
    P.ENROLMENT_MANAGE, P.COHORT_MANAGE, P.REPORT_COHORT, P.JUDGEMENT_ASSIGN,
)  # fmt: skip
"""The permissions that decide which parts of the page are shown."""


@router.get("/cohortes/{cohort_id}")
def show_cohort(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.COHORT_READ)],
    query: Annotated[BoardListQuery, Query()],
) -> Response:
    """Show a cohort: its dates and sessions, and each other part to readers who hold its permission."""
    allowed = allowed_actions(db, actor, cohort, *ACTIONS)
    values: dict[str, Any] = {}
    if P.PROGRESS_READ in allowed:
        page, calls = board_page(db, cohort, query)
        values |= {"board": ListView(f"/cohortes/{cohort.id}", query, page), "calls": calls}
    if P.SESSION_READ in allowed:
        values |= _sessions_by_stage(calendar(db, cohort))
    if P.ENROLMENT_MANAGE in allowed:
        states = count_by_state(db, cohort)
        values["waiting"] = states[EnrolmentState.APPLIED]
        values["admitted"] = states[EnrolmentState.ADMITTED]
        values |= {"catch_up_lists": lists_to_decide(db, cohort), "small_groups": small_groups(db, cohort)}
        values["fewest_members"] = MIN_SIZE
        values["refused"] = count_unreachable(db, cohort)
        values["out_of_reach"] = people_out_of_reach(db, cohort)
    values |= _team(db, cohort) if P.COHORT_MANAGE in allowed else {}
    return render(
        request,
        "cohorts/board.html",
        cohort=cohort,
        allowed=allowed,
        **values,
        **cohort_context(db, cohort),
    )


def _sessions_by_stage(rows: list[SessionRow]) -> dict[str, list[SessionRow]]:
    at = now()
    staged = [(stage(r.starts_at, at, cancelled=r.cancelled, closed=r.closed), r) for r in rows]
    return {
        "coming": [r for s, r in staged if s is Stage.COMING][:MAX_COMING_SESSIONS],
        "to_call": [r for s, r in staged if s is Stage.TO_CALL],
    }


def _team(db: Session, cohort: CohortRef) -> dict[str, Any]:
    return {"team": holders(db, Role.TRAINER, college_id=cohort.college_id, cohort_id=cohort.id)}
