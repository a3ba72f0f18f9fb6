"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator

from app.attendance.calendar import service as calendar
from app.attendance.calendar.rules import Stage, stage
from app.attendance.calendar.schemas import SessionRow
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enums import EnrolmentState
from app.cohorts.page_context import cohort_context
from app.cohorts.schemas import CohortRef
from app.identity.roles.service import holders
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.schema import clean
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render
from app.progress.board.schemas import BoardOrder, BoardQuery
from app.progress.board.service import board

router = APIRouter(include_in_schema=False)

Search = Annotated[str, Query(max_length=100), AfterValidator(clean)]
NEXT_SESSIONS = 3
TOOLS = (
    P.PROGRESS_READ, P.SESSION_READ, P.SESSION_MANAGE, P.ROLLCALL_RECORD,
    P.ENROLMENT_MANAGE, P.COHORT_MANAGE, P.REPORT_COHORT,
)  # fmt: skip


# The board --------------------------------------------------------------------------------------


@router.get("/cohortes/{cohort_id}")
def cohort(
    request: Request,
    actor: Annotated[Actor, may(P.COHORT_READ)],
    db: SessionDep,
    cohort_id: int,
    *,
    recherche: Search = "",
    etat: EnrolmentState | None = None,
    tri: BoardOrder = BoardOrder.NAME,
) -> Response:
    """A cohort's page: everyone sees its dates and sessions, those who follow it up its board."""
    found = cohorts.see_cohort(db, actor, cohort_id)
    open_doors = cohorts.allowed_actions(db, actor, found, *TOOLS)
    values: dict[str, Any] = {}
    if P.PROGRESS_READ in open_doors:
        query = BoardQuery(search=recherche, state=etat, tri=tri)
        values |= {"board": board(db, found, query), "query": query}
        values["calls"] = [row for row in board(db, found, BoardQuery(tri=BoardOrder.RISK)) if row.at_risk]
    if P.SESSION_READ in open_doors:
        values |= _next(calendar.calendar(db, found))
    if P.ENROLMENT_MANAGE in open_doors:
        states = enrolments.states_in(db, found)
        values["waiting"] = states[EnrolmentState.APPLIED]
        values["admitted"] = states[EnrolmentState.ADMITTED]
    values |= _team(db, found) if P.COHORT_MANAGE in open_doors else {}
    return render(
        request,
        "cohorts/board.html",
        cohort=found,
        doors=open_doors,
        orders=tuple(BoardOrder),
        **values,
        **cohort_context(db, found),
    )


def _next(rows: list[SessionRow]) -> dict[str, list[SessionRow]]:
    at = now()
    staged = [(stage(r.starts_at, at, cancelled=r.cancelled, closed=r.closed), r) for r in rows]
    return {
        "coming": [r for s, r in staged if s is Stage.COMING][:NEXT_SESSIONS],
        "to_call": [r for s, r in staged if s is Stage.TO_CALL],
    }


def _team(db: Session, cohort: CohortRef) -> dict[str, Any]:
    team = holders(db, Role.TRAINER, college_id=cohort.college_id, cohort_id=cohort.id)
    college = holders(db, Role.TRAINER, college_id=cohort.college_id)
    return {"team": team, "trainers": [held for held in college if held not in team]}
