"""Who may judge someone instead of another: the trainers of the college whom nothing keeps from it (BR-13)."""

from collections.abc import Collection, Sequence

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
    facilitators = facilitators_of(db, enrolment)
    of_cohort = holders(db, Role.TRAINER, college_id=enrolment.college_id, cohort_id=enrolment.cohort_id)
    of_college = holders(db, Role.TRAINER, college_id=enrolment.college_id)
    return [
        (id_, name)
        for id_, name in dict.fromkeys((*of_cohort, *of_college))
        if id_ not in former
        and not assessor_reasons(
            assessor=id_,
            participant=enrolment.person_id,
            competency=competency,
            facilitates=id_ in facilitators,
        )
    ]
