"""Whom the messages of a cohort reach: the people who follow it, and those who train them."""

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.rules import FOLLOWING
from app.identity.roles.models import RoleGrantRow
from app.platform.database.session import Session
from app.platform.security.permissions import Role

TOLD = FOLLOWING | {EnrolmentState.ADMITTED}
"""The states of those who are told about sessions: someone on leave has none until they come back."""


def followers_of(db: Session, cohort_id: int) -> frozenset[int]:
    """Return the ids of the people who follow a cohort or are about to."""
    return frozenset(db.execute(_following(cohort_id)).scalars())


def trainers_of(db: Session, cohort_id: int) -> frozenset[int]:
    """Return the ids of those who train in a cohort.

    Facilitators take no part in a cohort's sessions: theirs are those of their group (``app/codev``).
    """
    return frozenset(db.execute(select_trainers(cohort_id)).scalars())


def audience_of(db: Session, cohort_id: int) -> list[int]:
    """Return the ids of the people who follow a cohort or are about to, and of those who train in it."""
    return sorted(db.execute(_following(cohort_id).union(select_trainers(cohort_id))).scalars())


def _following(cohort_id: int) -> sa.Select[int]:
    return sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.cohort_id) == cohort_id, col(Enrolment.state).in_(TOLD)
    )


def select_trainers(cohort_id: int) -> sa.Select[int]:
    """Return the statement of the ids of those who train in a cohort."""
    return sa.select(col(RoleGrantRow.person_id)).where(
        col(RoleGrantRow.cohort_id) == cohort_id,
        col(RoleGrantRow.role) == Role.TRAINER,
        col(RoleGrantRow.ended_at).is_(None),
    )
