"""Management links between people of a college, who never belong to one group (BR-10)."""

from collections.abc import Iterable

from sqlalchemy import func
from sqlmodel import col, select

from app.codev.groups.models import CodevMembership, ManagementLink
from app.codev.groups.people import require_known_person
from app.codev.groups.schemas import GroupRef, LinkCommand
from app.cohorts.models import Enrolment
from app.network.schemas import CollegeShown
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Invalid, Reason
from app.platform.security.actor import Actor


def links(db: Session, college_id: int) -> Iterable[tuple[int, int]]:
    """Return the ``(manager, managed)`` person ids declared in a college."""
    statement = select(ManagementLink.manager_id, ManagementLink.member_id)
    return db.exec(statement.where(ManagementLink.college_id == college_id)).all()


def declare_link(db: Session, actor: Actor, college: CollegeShown, command: LinkCommand) -> list[int]:
    """Declare once that one person manages another; return the ids of the groups to which both belong (BR-10)."""
    if command.manager_id == command.member_id:
        raise Invalid("invalid", Reason("management_of_oneself", field="member_id"))
    require_known_person(db, college.id, command.manager_id, "manager_id")
    require_known_person(db, college.id, command.member_id, "member_id")
    if (command.manager_id, command.member_id) not in set(links(db, college.id)):
        db.add(
            ManagementLink(
                college_id=college.id, **command.model_dump(), declared_at=now(), declared_by=actor.person_id
            )
        )
        db.flush()
    shared_groups = (
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
    return list(db.exec(shared_groups).all())


def links_inside(db: Session, group: GroupRef) -> list[tuple[str, str]]:
    """Return the ``(manager, managed)`` names of a group's members between whom a link was declared since (BR-10)."""
    statement = (
        select(Person)
        .join(Enrolment, col(Enrolment.person_id) == Person.id)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(CodevMembership.group_id == group.id, col(CodevMembership.left_on).is_(None))
    )
    names = {person.id: person.name for person in db.exec(statement).all()}
    pairs = links(db, group.college_id)
    return [(names[manager], names[managed]) for manager, managed in pairs if {manager, managed} <= names.keys()]
