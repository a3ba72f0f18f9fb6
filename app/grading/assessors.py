"""Who may judge someone instead of another: the trainers of the college whom nothing keeps from it (BR-13)."""

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import col

from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevRecord
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading.rules import assessor_reasons
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders
from app.platform.database.session import Session
from app.platform.security.permissions import Role


def facilitators_of(db: Session, enrolment: EnrolmentRef) -> frozenset[int]:
    """Return who facilitates, or ever did, a codevelopment group of this person or one of its sessions."""
    groups = sa.select(col(CodevMembership.group_id)).where(col(CodevMembership.enrolment_id) == enrolment.id)
    of_groups = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.role) == Role.FACILITATOR, col(RoleGrantRow.group_id).in_(groups)
    )
    of_sessions = (
        sa.select(col(CodevRecord.facilitator_id))
        .join(CodevSession, col(CodevSession.id) == CodevRecord.session_id)
        .where(col(CodevSession.group_id).in_(groups))
    )
    return frozenset(db.execute(sa.union(of_groups, of_sessions)).scalars())


def eligible_assessors(
    db: Session, enrolment: EnrolmentRef, competency: str, *, former: Collection[int] = ()
) -> Sequence[tuple[int, str]]:
    """Return ``(person id, name)`` of the trainers of the college who may judge, those of the cohort first."""
    of_cohort = holders(db, Role.TRAINER, college_id=enrolment.college_id, cohort_id=enrolment.cohort_id)
    of_college = holders(db, Role.TRAINER, college_id=enrolment.college_id)
    names = dict((*of_cohort, *of_college))
    may_judge = _without_reasons(db, enrolment, competency, names)
    return [(id_, name) for id_, name in names.items() if id_ in may_judge and id_ not in former]


def able_assessors(db: Session, enrolment: EnrolmentRef, competency: str, people: Collection[int]) -> frozenset[int]:
    """Return which of these people still train in the college and may judge."""
    trainers = sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.person_id).in_(people),
        col(RoleGrantRow.role) == Role.TRAINER,
        col(RoleGrantRow.college_id) == enrolment.college_id,
        col(RoleGrantRow.ended_at).is_(None),
    )
    return _without_reasons(db, enrolment, competency, db.execute(trainers).scalars().all())


def _without_reasons(db: Session, enrolment: EnrolmentRef, competency: str, people: Iterable[int]) -> frozenset[int]:
    facilitators = facilitators_of(db, enrolment)
    return frozenset(
        id_
        for id_ in people
        if not assessor_reasons(
            assessor=id_,
            participant=enrolment.person_id,
            competency=competency,
            facilitates=id_ in facilitators,
        )
    )
