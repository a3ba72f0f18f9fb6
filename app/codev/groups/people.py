"""People of groups: candidates, people without a group, and the roles that groups give."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists
from sqlmodel import col, select

from app.codev.entrances.models import CodevEntrance
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


def is_grouped() -> ColumnElement[bool]:
    """Return the condition that an enrolment belongs to a group now, or is announced to enter one."""
    of_enrolment = col(CodevMembership.enrolment_id) == Enrolment.id
    is_announced = exists().where(
        col(CodevEntrance.enrolment_id) == Enrolment.id, col(CodevEntrance.ended_at).is_(None)
    )
    is_member = exists().where(of_enrolment, col(CodevMembership.left_on).is_(None))
    return is_member.correlate(Enrolment) | is_announced.correlate(Enrolment)


def candidates(db: Session, college_id: int, enrolment_ids: Sequence[int]) -> list[Candidate]:
    """Return the candidates of these enrolments, in order; an unknown id becomes a candidate of no cohort."""
    rows = db.exec(
        select(Enrolment, is_grouped()).where(col(Enrolment.id).in_(enrolment_ids), Enrolment.college_id == college_id)
    ).all()
    by_id = {e.id: Candidate(e.id, e.person_id, e.cohort_id, e.state, grouped) for e, grouped in rows}
    return [by_id.get(id_) or Candidate(id_, -id_, 0, EnrolmentState.ACTIVE) for id_ in enrolment_ids]


def own_membership(db: Session, actor: Actor, group_id: int) -> int | None:
    """Return the actor's present membership of a group; ``None`` for anyone else, its facilitator too."""
    statement = (
        select(CodevMembership.id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(CodevMembership.group_id == group_id, col(CodevMembership.left_on).is_(None))
        .where(Enrolment.person_id == actor.person_id)
    )
    return db.exec(statement).one_or_none()


def free_members(db: Session, cohort: CohortRef) -> list[tuple[int, str]]:
    """Return ``(enrolment id, name)`` of the active people of a cohort without a group, by name."""
    statement = (
        select(Enrolment.id, Person)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            Enrolment.cohort_id == cohort.id,
            Enrolment.state == EnrolmentState.ACTIVE,
            ~is_grouped(),
        )
        .order_by(Person.search_key)
    )
    return [(id_, person.name) for id_, person in db.exec(statement).all()]


def require_known_person(db: Session, college_id: int, person_id: int, field: str) -> None:
    """Raise ``Invalid`` unless the person has a role in the college, whether or not they exist elsewhere."""
    role_ids = select(RoleGrantRow.id).where(
        RoleGrantRow.person_id == person_id, RoleGrantRow.college_id == college_id, col(RoleGrantRow.ended_at).is_(None)
    )
    if db.exec(role_ids).first() is None:
        raise Invalid("invalid", Reason("unknown_person", field=field))


def grant_group_role(db: Session, granted_by: int | None, group: GroupRef, person_id: int, role: Role) -> None:
    """Grant a role for the group and its cohort; nobody gives that of whoever enters on an announced day."""
    grant_role(
        db,
        person_id,
        role,
        college_id=group.college_id,
        cohort_id=group.cohort_id,
        group_id=group.id,
        granted_by=granted_by,
    )
