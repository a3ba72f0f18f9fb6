"""The cohorts of a college with what asks for its coordinator: a fixed number of statements, however many there are."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from app.attendance.calendar.models import ScheduledSession
from app.cohorts import service as cohorts
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Enrolment, EnrolmentProposal
from app.cohorts.schemas import CohortsQuery, ListedCohort
from app.network.schemas import CollegeShown
from app.overview.college_cohorts.schemas import CollegeCohort, CollegeCohortPage, NextSession
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor
from app.progress.board.service import count_at_risk


def list_college_cohorts(db: Session, actor: Actor, college: CollegeShown, query: CohortsQuery) -> Page[CollegeCohort]:
    """Return a page of the cohorts of a college."""
    page = cohorts.list_cohorts(db, actor, query, college_id=college.id)
    rows = iter(_with_what_waits(db, page.items))
    return page.map(lambda _: next(rows))


def college_cohorts(
    db: Session,
    actor: Actor,
    college: CollegeShown,
    *,
    state: CohortState | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> CollegeCohortPage:
    """Return the cohorts of a college, newest first, the archived ones only when asked for."""
    rows, next_ = cohorts.cohorts_after(db, actor, college_id=college.id, state=state, after=after, limit=limit)
    return CollegeCohortPage(items=tuple(_with_what_waits(db, rows)), next=next_)


def _with_what_waits(db: Session, rows: Sequence[ListedCohort]) -> list[CollegeCohort]:
    ids = [row.id for row in rows]
    at_risk, applications, proposals = count_at_risk(db, ids), count_applications(db, ids), _proposals(db, ids)
    sessions = _next_sessions(db, ids)
    return [
        CollegeCohort(
            **row.model_dump(),
            at_risk=at_risk[row.id].people,
            applications=applications[row.id],
            proposals=proposals[row.id],
            next_session=sessions.get(row.id),
        )
        for row in rows
    ]


def count_applications(db: Session, ids: Sequence[int]) -> Counter[int]:
    """Return how many applications to each of some cohorts nobody has answered."""
    statement = (
        sa.select(col(Enrolment.cohort_id), func.count())
        .where(col(Enrolment.cohort_id).in_(ids), col(Enrolment.state) == EnrolmentState.APPLIED)
        .group_by(col(Enrolment.cohort_id))
    )
    return Counter(dict(db.execute(statement).all()))


def _proposals(db: Session, ids: Sequence[int]) -> Counter[int]:
    statement = (
        sa.select(col(Enrolment.cohort_id), func.count())
        .join(EnrolmentProposal, col(EnrolmentProposal.enrolment_id) == Enrolment.id)
        .where(col(Enrolment.cohort_id).in_(ids), col(EnrolmentProposal.decided_at).is_(None))
        .group_by(col(Enrolment.cohort_id))
    )
    return Counter(dict(db.execute(statement).all()))


def _next_sessions(db: Session, ids: Sequence[int]) -> dict[int, NextSession]:
    statement = (
        sa.select(
            col(ScheduledSession.cohort_id),
            col(ScheduledSession.id),
            col(ScheduledSession.starts_at),
            col(ScheduledSession.timezone),
        )
        .ext(distinct_on(col(ScheduledSession.cohort_id)))
        .where(
            col(ScheduledSession.cohort_id).in_(ids),
            col(ScheduledSession.cancelled_at).is_(None),
            col(ScheduledSession.starts_at) > now(),
        )
        .order_by(col(ScheduledSession.cohort_id), col(ScheduledSession.starts_at), col(ScheduledSession.id))
    )
    return {
        cohort_id: NextSession(id=id_, starts_at=starts_at, timezone=zone)
        for cohort_id, id_, starts_at, zone in db.execute(statement)
    }
