"""Announcing that someone enters a group, what the members say of it, and taking it back."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.entrances.enums import Outcome
from app.codev.entrances.models import CodevConcern, CodevEntrance
from app.codev.entrances.notices import tell_announced, tell_called_off, tell_facilitator
from app.codev.entrances.schemas import ConcernCommand, EntrancePage, EntranceRef, EntranceShown
from app.codev.groups.models import CodevMembership
from app.codev.groups.people import own_membership
from app.codev.groups.schemas import Entering, GroupRef
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.service import require_not_archived
from app.network.models import College
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role


def has_begun(db: Session, group_id: int) -> bool:
    """Whether a group has begun: the hour of one of its sessions has come."""
    statement = sa.select(col(CodevSession.id)).where(
        col(CodevSession.group_id) == group_id,
        col(CodevSession.cancelled_at).is_(None),
        col(CodevSession.starts_at) <= now(),
    )
    return db.execute(statement.limit(1)).first() is not None


def notice_days(db: Session, college_id: int) -> int:
    """Return how many days before an entrance the members of a college's groups are told."""
    return db.get_one(College, college_id).entry_notice_days


def announce(db: Session, actor: Actor, group: GroupRef, enrolment_id: int, enters_on: date) -> None:
    """Announce that someone, who may enter the group, does so on a day; its people are told."""
    row = CodevEntrance(
        college_id=group.college_id,
        group_id=group.id,
        enrolment_id=enrolment_id,
        enters_on=enters_on,
        announced_at=now(),
        announced_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    tell_announced(db, row)


def see_entrance(db: Session, actor: Actor, entrance_id: int) -> EntranceRef:
    """Return an entrance to a group within reach of the actor; raise ``NotFound`` for any other."""
    within = scoped(actor, college=CodevEntrance.college_id, group=CodevEntrance.group_id)
    row = db.exec(select(CodevEntrance).where(CodevEntrance.id == entrance_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return EntranceRef.model_validate(row)


def entrances(db: Session, actor: Actor, group: GroupRef) -> EntrancePage:
    """Return the entrances announced in a group; only its facilitator reads whom they concern."""
    statement = (
        select(CodevEntrance, Person)
        .join(Enrolment, col(Enrolment.id) == CodevEntrance.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevEntrance.group_id == group.id, col(CodevEntrance.ended_at).is_(None))
        .order_by(col(CodevEntrance.enters_on), col(CodevEntrance.id))
    )
    rows = db.exec(statement).all()
    if not rows:
        return EntrancePage(items=())
    concerns = db.exec(
        select(CodevConcern.entrance_id, CodevConcern.membership_id, Person)
        .join(CodevMembership, col(CodevMembership.id) == CodevConcern.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(CodevConcern.entrance_id).in_([row.id for row, _ in rows]), col(CodevConcern.is_concerned))
        .order_by(Person.search_key)
    ).all()
    own = own_membership(db, actor, group.id)
    facilitates = any(g.group_id == group.id and g.role is Role.FACILITATOR for g in actor.grants)

    def shown(row: CodevEntrance, person: Person) -> EntranceShown:
        said = {id_: p.name for entrance, id_, p in concerns if entrance == row.id}
        return EntranceShown(
            id=row.id,
            name=person.name,
            enters_on=row.enters_on,
            announced_at=row.announced_at,
            own_concern=own in said if own is not None else None,
            concerned=tuple(said.values()) if facilitates else None,
        )

    return EntrancePage(items=tuple(shown(row, person) for row, person in rows))


def entering(db: Session, group_id: int) -> tuple[Entering, ...]:
    """Return who is announced to enter a group and when, in order of their days."""
    statement = (
        select(CodevEntrance.id, col(CodevEntrance.enters_on), Person)
        .join(Enrolment, col(Enrolment.id) == CodevEntrance.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevEntrance.group_id == group_id, col(CodevEntrance.ended_at).is_(None))
        .order_by(col(CodevEntrance.enters_on), col(CodevEntrance.id))
    )
    return tuple(
        Entering(entrance_id=id_, name=person.name, enters_on=day) for id_, day, person in db.exec(statement).all()
    )


def entering_enrolments(db: Session, group_id: int) -> Sequence[int]:
    """Return the enrolments that are announced to enter a group."""
    of_group = CodevEntrance.group_id == group_id
    return db.exec(select(CodevEntrance.enrolment_id).where(of_group, col(CodevEntrance.ended_at).is_(None))).all()


def say_concern(db: Session, actor: Actor, entrance: EntranceRef, command: ConcernCommand) -> None:
    """Record whether an entrance concerns the actor, a member; the facilitator is told that someone is.

    Raises ``Conflict``: ``cohort_archived``, ``entrance_over``, ``not_a_member`` for the facilitator.
    """
    row = _open(db, entrance)
    membership_id = own_membership(db, actor, entrance.group_id)
    if membership_id is None:
        raise Conflict("not_a_member")
    said = db.exec(
        select(CodevConcern).where(CodevConcern.entrance_id == row.id, CodevConcern.membership_id == membership_id)
    ).one_or_none()
    if said is None:
        said = CodevConcern(
            college_id=row.college_id,
            entrance_id=row.id,
            membership_id=membership_id,
            is_concerned=False,
            told_at=now(),
        )
    is_new = command.is_concerned and not said.is_concerned
    said.is_concerned, said.told_at = command.is_concerned, now()
    db.add(said)
    db.flush()
    if is_new:
        tell_facilitator(db, row)


def withdraw(db: Session, actor: Actor, entrance: EntranceRef) -> None:
    """Take an announced entrance back; the people of the group are told.

    Raises ``Conflict``: ``cohort_archived``, ``entrance_over``.
    """
    row = _open(db, entrance)
    row.ended_at, row.ended_by, row.outcome = now(), actor.person_id, Outcome.WITHDRAWN
    db.add(row)
    db.flush()
    tell_called_off(db, row)


def _open(db: Session, entrance: EntranceRef) -> CodevEntrance:
    """Return an entrance still to come, locked."""
    row = db.get_one(CodevEntrance, entrance.id, with_for_update={"key_share": True}, populate_existing=True)
    cohort = db.exec(
        select(Cohort).join(Enrolment, col(Enrolment.cohort_id) == Cohort.id).where(Enrolment.id == row.enrolment_id)
    ).one()
    require_not_archived(cohort)
    if row.ended_at is not None:
        raise Conflict("entrance_over")
    return row
