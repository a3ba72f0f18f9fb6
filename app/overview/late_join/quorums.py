"""Whose own quorum of codevelopment (BR-09) can no longer be met, while another seat may still be found (S2)."""

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.overview.late_join.rules import out_of_reach
from app.overview.late_join.schemas import CodevLeft, OutOfReach
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.session import Session
from app.progress.models import ProgressRow


def people_out_of_reach(db: Session, cohort: CohortRef) -> list[OutOfReach]:
    """Return who is active in a cohort and can no longer attend enough sessions of codevelopment, by name."""
    return _out_of_reach(db, cohort, cohort.id)


def own_out_of_reach(db: Session, enrolment: EnrolmentRef) -> OutOfReach | None:
    """Return the same of one enrolment."""
    found = _out_of_reach(db, enrolment, enrolment.cohort_id, col(Enrolment.id) == enrolment.id)
    return next(iter(found), None)


def admitted_now(db: Session, cohort: CohortRef) -> CodevLeft | None:
    """Return what someone admitted now would lack, if no group of the cohort has enough sessions left for them."""
    return out_of_reach(curriculum_of(cohort), 0, None, _held(db, cohort.id))


def _out_of_reach(
    db: Session, of: CohortRef | EnrolmentRef, cohort_id: int, *where: sa.ColumnElement[bool]
) -> list[OutOfReach]:
    held = _held(db, cohort_id)
    if not any(held.values()):
        return []
    membership = (col(CodevMembership.enrolment_id) == Enrolment.id) & col(CodevMembership.left_on).is_(None)
    statement = (
        sa.select(
            col(Enrolment.id),
            shown_name().label("name"),
            col(CodevMembership.group_id),
            col(ProgressRow.body)["codev", "sessions_attended"].as_integer().label("attended"),
        )
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(ProgressRow, col(ProgressRow.enrolment_id) == Enrolment.id)
        .outerjoin(CodevMembership, membership)
        .where(col(Enrolment.cohort_id) == cohort_id, col(Enrolment.state) == EnrolmentState.ACTIVE, *where)
        .order_by(col(Person.search_key), col(Enrolment.id))
    )
    curriculum = curriculum_of(of)
    found = ((row, out_of_reach(curriculum, row.attended, row.group_id, held)) for row in db.execute(statement))
    return [OutOfReach(**left.model_dump(), enrolment_id=row.id, name=row.name) for row, left in found if left]


def _held(db: Session, cohort_id: int) -> Mapping[int, set[str]]:
    """Return the activities of which each group of a cohort has begun a session."""
    is_held = (
        (col(CodevSession.group_id) == CodevGroup.id)
        & col(CodevSession.cancelled_at).is_(None)
        & (col(CodevSession.starts_at) <= now())
    )
    statement = (
        sa.select(col(CodevGroup.id), col(CodevSession.activity_code))
        .outerjoin(CodevSession, is_held)
        .where(col(CodevGroup.cohort_id) == cohort_id)
    )
    held = defaultdict[int, set[str]](set)
    for group_id, code in db.execute(statement):
        held[group_id].update([code] if code is not None else [])
    return held
