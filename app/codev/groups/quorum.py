"""Groups that have too few members for a session to count: whom it is shown to, and who is told."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col

from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.groups.rules import MIN_SIZE
from app.codev.groups.schemas import SmallGroup
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove
from app.cohorts.rules import FOLLOWING
from app.cohorts.schemas import CohortRef
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session
from app.platform.security.permissions import Role


def small_groups(db: Session, cohort: CohortRef) -> list[SmallGroup]:
    """Return the groups of a running cohort whose members are too few for a session to count, by name."""
    if cohort.state is not CohortState.RUNNING:
        return []
    statement = _sizes().where(col(CodevGroup.cohort_id) == cohort.id).having(_members() < MIN_SIZE)
    rows = db.execute(statement.order_by(col(CodevGroup.name), col(CodevGroup.id)))
    return [SmallGroup.model_validate(row) for row in rows]


def group_left_small(db: Session, enrolment: EnrolmentRef) -> SmallGroup | None:
    """Return the group that someone's withdrawal or suspension would leave with too few members, if it would."""
    if enrolment.state not in FOLLOWING:
        return None
    own = sa.select(col(CodevMembership.group_id)).where(
        col(CodevMembership.enrolment_id) == enrolment.id, col(CodevMembership.left_on).is_(None)
    )
    row = db.execute(_sizes().where(col(CodevGroup.id).in_(own))).one_or_none()
    if row is None or row.members - 1 >= MIN_SIZE:
        return None
    return SmallGroup(group_id=row.group_id, name=row.name, members=row.members - 1)


def tell_facilitators(db: Session) -> None:
    """Tell the facilitators of running cohorts that a departure left their group too small, once per departure."""
    departed = (
        sa.select(func.max(EnrolmentMove.id))
        .join(CodevMembership, col(CodevMembership.enrolment_id) == EnrolmentMove.enrolment_id)
        .where(
            col(CodevMembership.group_id) == CodevGroup.id,
            col(CodevMembership.left_on).is_(None),
            col(EnrolmentMove.from_state).in_(FOLLOWING),
            col(EnrolmentMove.to_state).not_in(FOLLOWING),
        )
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    facilitator = (
        (col(RoleGrantRow.group_id) == CodevGroup.id)
        & (col(RoleGrantRow.role) == Role.FACILITATOR)
        & col(RoleGrantRow.ended_at).is_(None)
    )
    people = (
        sa.select(func.array_agg(RoleGrantRow.person_id)).where(facilitator).correlate(CodevGroup).scalar_subquery()
    )
    statement = (
        _sizes()
        .add_columns(
            col(CodevGroup.college_id), col(Cohort.title).label("cohort"), departed.label("departed"),
            people.label("people"),
        )
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(col(Cohort.state) == CohortState.RUNNING)
        .group_by(col(Cohort.title))
        .having(_members() < MIN_SIZE, departed.is_not(None))
    )  # fmt: skip
    notify(
        db,
        *(
            Event(
                Kind.GROUP_TOO_SMALL,
                f"group:{row.group_id}:{row.departed}",
                row.people or [],
                f"/codev/groupes/{row.group_id}",
                {"cohort": row.cohort, "members": row.members},
                row.college_id,
            )
            for row in db.execute(statement)
        ),
    )


def _members() -> sa.Function[int]:
    return func.count(sa.distinct(col(Enrolment.id)))


def _sizes() -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of groups with how many of their members follow the training."""
    follows = (col(Enrolment.id) == CodevMembership.enrolment_id) & col(Enrolment.state).in_(FOLLOWING)
    return (
        sa.select(col(CodevGroup.id).label("group_id"), col(CodevGroup.name), _members().label("members"))
        .outerjoin(
            CodevMembership, (col(CodevMembership.group_id) == CodevGroup.id) & col(CodevMembership.left_on).is_(None)
        )
        .outerjoin(Enrolment, follows)
        .group_by(col(CodevGroup.id), col(CodevGroup.name), col(CodevGroup.college_id))
    )
