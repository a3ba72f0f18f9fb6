"""Whom groups are made of: candidates, the roles that groups give, management links within a college."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import Actor, Role
from app.codev.models import CodevMembership, ManagementLink
from app.codev.rules import Candidate
from app.codev.schemas import GroupRef, LinkCommand
from app.cohorts.models import Enrolment, EnrolmentState
from app.cohorts.schemas import CohortRef
from app.db import Session, now
from app.errors import Invalid, Reason
from app.network.schemas import CollegeShown
from app.people.models import Person, RoleHeld
from app.people.service import hold


def grouped() -> SelectOfScalar[int]:
    """Enrolments that a group has now."""
    return select(CodevMembership.enrolment_id).where(col(CodevMembership.left_on).is_(None))


def candidates(session: Session, college_id: int, enrolment_ids: Sequence[int]) -> list[Candidate]:
    """Those asked for, in order; an id of no enrolment of the college is of no cohort either."""
    found = session.exec(
        select(Enrolment, col(Enrolment.id).in_(grouped())).where(
            col(Enrolment.id).in_(enrolment_ids), Enrolment.college_id == college_id
        )
    ).all()
    known = {e.id: Candidate(e.id or 0, e.person_id, e.cohort_id, e.state, is_in) for e, is_in in found}
    return [known.get(i) or Candidate(i, -i, 0, EnrolmentState.ACTIVE) for i in enrolment_ids]


def free_members(session: Session, cohort: CohortRef) -> list[tuple[int, str]]:
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
    return [(id_ or 0, person.name) for id_, person in session.exec(statement).all()]


def known_person(session: Session, college_id: int, person_id: int, field: str) -> None:
    """Someone with a role in the college, else refused without saying whether they exist."""
    known = select(RoleHeld.id).where(
        RoleHeld.person_id == person_id, RoleHeld.college_id == college_id, col(RoleHeld.ended_at).is_(None)
    )
    if session.exec(known).first() is None:
        raise Invalid("invalid", Reason("unknown_person", field=field))


# Roles in a group -------------------------------------------------------------------------------


def give_role(session: Session, actor: Actor, group: GroupRef, person_id: int, role: Role) -> None:
    """A role for the group, and by it for the group's cohort."""
    hold(
        session,
        person_id,
        role,
        college_id=group.college_id,
        cohort_id=group.cohort_id,
        group_id=group.id,
        granted_by=actor.person_id,
    )


# Management links -------------------------------------------------------------------------------


def links(session: Session, college_id: int) -> Iterable[tuple[int, int]]:
    """``(manager, managed)`` person ids declared in a college."""
    statement = select(ManagementLink.manager_id, ManagementLink.member_id)
    return session.exec(statement.where(ManagementLink.college_id == college_id)).all()


def declare_link(session: Session, actor: Actor, college: CollegeShown, command: LinkCommand) -> list[int]:
    """Note that one manages the other, once; returns ids of the groups in which both are already (BR-10)."""
    if command.manager_id == command.member_id:
        raise Invalid("invalid", Reason("management_of_oneself", field="member_id"))
    known_person(session, college.id, command.manager_id, "manager_id")
    known_person(session, college.id, command.member_id, "member_id")
    if (command.manager_id, command.member_id) not in set(links(session, college.id)):
        session.add(
            ManagementLink(
                college_id=college.id, **command.model_dump(), declared_at=now(), declared_by=actor.person_id
            )
        )
        session.flush()
    together = (
        select(CodevMembership.group_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            col(Enrolment.person_id).in_([command.manager_id, command.member_id]),
            CodevMembership.college_id == college.id,
            col(CodevMembership.left_on).is_(None),
        )
        .group_by(col(CodevMembership.group_id))
        .having(func.count() > 1)
    )
    return list(session.exec(together).all())


def links_inside(session: Session, group: GroupRef) -> list[tuple[str, str]]:
    """``(manager, managed)`` names of a group's members between whom a link was declared since (BR-10)."""
    statement = (
        select(Person)
        .join(Enrolment, col(Enrolment.person_id) == Person.id)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(CodevMembership.group_id == group.id, col(CodevMembership.left_on).is_(None))
    )
    names = {person.id: person.name for person in session.exec(statement).all()}
    return [(names[a], names[b]) for a, b in links(session, group.college_id) if a in names and b in names]
