"""Who may judge someone instead of another: the trainers of the college whom nothing keeps from it (BR-13)."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.accompaniment.interests.service import conflicted, has_interest
from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevRecord
from app.codev.sessions.models import CodevSession
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.grading.conflicts.models import AssessorException
from app.grading.rules import assessor_reasons
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import holders
from app.people.models import Person, shown_name
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


def excepted(db: Session, enrolment: EnrolmentRef) -> frozenset[int]:
    """Return whom a coordinator lets judge CN-11 of this person although they facilitate."""
    statement = sa.select(col(AssessorException.assessor_id)).where(col(AssessorException.enrolment_id) == enrolment.id)
    return frozenset(db.execute(statement).scalars())


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


def substitutes(db: Session, enrolment_ids: Collection[int], instead_of: int) -> dict[int, str]:
    """Return, by enrolment, who of those who train its cohort may judge it instead of somebody: the first one by name.

    Those who facilitate a group of the person come last, as they do not judge CN-11.
    """
    groups = sa.select(col(CodevMembership.group_id)).where(col(CodevMembership.enrolment_id) == Enrolment.id)
    other = aliased(RoleGrantRow)
    facilitates = sa.exists().where(
        col(other.person_id) == Person.id, col(other.role) == Role.FACILITATOR, col(other.group_id).in_(groups)
    )
    statement = (
        sa.select(col(Enrolment.id), shown_name())
        .ext(distinct_on(col(Enrolment.id)))
        .join(RoleGrantRow, col(RoleGrantRow.cohort_id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == RoleGrantRow.person_id)
        .where(
            col(Enrolment.id).in_(enrolment_ids),
            col(RoleGrantRow.role) == Role.TRAINER,
            col(RoleGrantRow.ended_at).is_(None),
            col(Person.id) != Enrolment.person_id,
            col(Person.id) != instead_of,
            ~has_interest(col(Person.id), Person),
        )
        .order_by(col(Enrolment.id), facilitates, col(Person.search_key), col(Person.id))
    )
    return {id_: name for id_, name in db.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


def _without_reasons(db: Session, enrolment: EnrolmentRef, competency: str, people: Collection[int]) -> frozenset[int]:
    facilitators = facilitators_of(db, enrolment) - excepted(db, enrolment)
    declared = conflicted(db, enrolment.id, people)
    return frozenset(
        id_
        for id_ in people
        if not assessor_reasons(
            assessor=id_,
            participant=enrolment.person_id,
            competency=competency,
            facilitates=id_ in facilitators,
            declared=id_ in declared,
        )
    )
