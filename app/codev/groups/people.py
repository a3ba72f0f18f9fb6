"""Whom groups are made of: candidates, the roles that groups give, management links within a college."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.codev.groups.models import CodevMembership
from app.codev.groups.rules import Candidate
from app.codev.groups.schemas import GroupRef
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import grant_role
from app.people.models import Person
from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role


def grouped() -> SelectOfScalar[int]:
    """Enrolments that a group has now."""
    return select(CodevMembership.enrolment_id).where(col(CodevMembership.left_on).is_(None))


def candidates(db: Session, college_id: int, enrolment_ids: Sequence[int]) -> list[Candidate]:
    """Those asked for, in order; an id of no enrolment of the college is of no cohort either."""
    found = db.exec(
        select(Enrolment, col(Enrolment.id).in_(grouped())).where(
            col(Enrolment.id).in_(enrolment_ids), Enrolment.college_id == college_id
        )
    ).all()
    known = {e.id: Candidate(e.id, e.person_id, e.cohort_id, e.state, is_in) for e, is_in in found}
    return [known.get(i) or Candidate(i, -i, 0, EnrolmentState.ACTIVE) for i in enrolment_ids]


def free_members(db: Session, cohort: CohortRef) -> list[tuple[int, str]]:
    """``(enrolment id, name)`` of the active people of a cohort whom no group has, by name."""
    statement = (
        select(Enrolment.id, Person)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            Enrolment.cohort_id == cohort.id,
            Enrolment.state == EnrolmentState.ACTIVE,
            col(Enrolment.id).not_in(grouped()),
        )
        .order_by(Person.search_key)
    )
    return [(id_, person.name) for id_, person in db.exec(statement).all()]


def known_person(db: Session, college_id: int, person_id: int, field: str) -> None:
    """Someone with a role in the college, else refused without saying whether they exist."""
    known = select(RoleGrantRow.id).where(
        RoleGrantRow.person_id == person_id, RoleGrantRow.college_id == college_id, col(RoleGrantRow.ended_at).is_(None)
    )
    if db.exec(known).first() is None:
        raise Invalid("invalid", Reason("unknown_person", field=field))


# Roles in a group -------------------------------------------------------------------------------


def give_role(db: Session, actor: Actor, group: GroupRef, person_id: int, role: Role) -> None:
    """A role for the group, and by it for the group's cohort."""
    grant_role(
        db,
        person_id,
        role,
        college_id=group.college_id,
        cohort_id=group.cohort_id,
        group_id=group.id,
        granted_by=actor.person_id,
    )
