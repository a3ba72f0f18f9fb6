"""The contract of a group: reading it, agreeing to it, and whom a session waits for."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.contracts.models import CodevAgreement
from app.codev.contracts.rules import Terms, agreement_reasons, terms_of_session
from app.codev.contracts.schemas import AgreeCommand, AgreementShown, ClauseShown, ContractShown, ContractToAccept
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.groups.people import own_membership
from app.codev.groups.schemas import GroupRef
from app.codev.protocols.library import codev_library
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.service import require_not_archived
from app.identity.roles.models import RoleGrantRow
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import refuse_unless
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

INSIDE = (Role.PARTICIPANT, Role.FACILITATOR)
"""The roles that a group gives: their holders are asked to agree."""


def contract_of(db: Session, actor: Actor, group: GroupRef) -> ContractShown:
    """Return the contract of a group, with who has agreed to it as the group is composed, by name."""
    asked = Terms(group.contract_version, group.composition)
    contract = codev_library().contract(group.contract_version)
    agreed = agreed_at(db, group.id, asked)
    people = db.execute(_inside(group.id)).all()
    return ContractShown(
        group_id=group.id,
        contract_version=asked.version,
        composition=asked.composition,
        title=contract.title.text,
        preamble=contract.preamble.text,
        clauses=tuple(ClauseShown(code=c.code, title=c.title.text, text=c.text.text) for c in contract.clauses),
        agreements=tuple(
            AgreementShown(
                name=row.Person.name,
                is_facilitator=row.role is Role.FACILITATOR,
                agreed_at=agreed.get(row.Person.id),
            )
            for row in people
        ),
        to_accept=group.inside and group.cohort_state is not CohortState.ARCHIVED and actor.person_id not in agreed,
    )


def _inside(group_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the people of a group with their role, the facilitator first, then by name."""
    return (
        sa.select(Person, col(RoleGrantRow.role))
        .join(RoleGrantRow, col(RoleGrantRow.person_id) == Person.id)
        .where(
            col(RoleGrantRow.group_id) == group_id,
            col(RoleGrantRow.role).in_(INSIDE),
            col(RoleGrantRow.ended_at).is_(None),
        )
        .order_by(col(RoleGrantRow.role) != Role.FACILITATOR, col(Person.search_key), col(Person.id))
    )


def agreed_at(db: Session, group_id: int, asked: Terms) -> dict[int, datetime]:
    """Return when each person agreed to the contract of a group as it is composed, by person id."""
    statement = select(CodevAgreement.person_id, CodevAgreement.agreed_at).where(
        CodevAgreement.group_id == group_id,
        CodevAgreement.contract_version == asked.version,
        col(CodevAgreement.composition) >= asked.composition,
    )
    return dict(db.exec(statement).all())


def is_asked(db: Session, actor: Actor, group: GroupRef) -> bool:
    """Whether the actor is asked to agree to the contract of a group of theirs; of an archived cohort nobody is."""
    if not group.inside or group.cohort_state is CohortState.ARCHIVED:
        return False
    return actor.person_id not in agreed_at(db, group.id, Terms(group.contract_version, group.composition))


def agree(db: Session, actor: Actor, group: GroupRef, command: AgreeCommand, *, accepted: bool = True) -> None:
    """Record the actor's own agreement, once.

    Raises ``Conflict("cohort_archived")``, ``Invalid`` when what they read is no longer what is asked.
    """
    require_not_archived(db.get_one(Cohort, group.cohort_id))
    row = db.get_one(CodevGroup, group.id, with_for_update={"key_share": True}, populate_existing=True)
    asked = Terms(row.contract_version, row.composition)
    read = Terms(command.contract_version, command.composition)
    refuse_unless(*agreement_reasons(read, asked, accepted=accepted), code="invalid")
    if actor.person_id in agreed_at(db, group.id, asked):
        return
    db.add(
        CodevAgreement(
            college_id=group.college_id,
            group_id=group.id,
            person_id=actor.person_id,
            membership_id=own_membership(db, actor, group.id),
            contract_version=asked.version,
            composition=asked.composition,
            agreed_at=now(),
        )
    )
    db.flush()


def contracts_to_accept(db: Session, actor: Actor, limit: int) -> list[ContractToAccept]:
    """Return the actor's groups whose contract they have not agreed to as the group is composed, by name."""
    agreed = sa.exists().where(
        col(CodevAgreement.group_id) == CodevGroup.id,
        col(CodevAgreement.person_id) == actor.person_id,
        col(CodevAgreement.contract_version) == CodevGroup.contract_version,
        col(CodevAgreement.composition) >= CodevGroup.composition,
    )
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(col(CodevGroup.id), col(CodevGroup.name))
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(
            scoped(actor, college=CodevGroup.college_id, group=CodevGroup.id),
            col(Cohort.state) != CohortState.ARCHIVED,
            ~agreed,
        )
        .order_by(col(CodevGroup.name), col(CodevGroup.id))
        .limit(limit)
    )
    return [ContractToAccept.model_validate(row) for row in db.execute(statement)]


def who_agreed(db: Session, group_id: int, membership_ids: Collection[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Return which of the members of a session have not agreed to be in it with the others, and which people have.

    The members by membership id, the people, its facilitator among them, by person id. Someone who left the group is
    not asked: they no longer read its contract.
    """
    version = db.get_one(CodevGroup, group_id).contract_version
    statement = (
        select(CodevMembership.id, CodevMembership.composition, Enrolment.person_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(CodevMembership.group_id == group_id, col(CodevMembership.left_on).is_(None))
        .where(col(CodevMembership.id).in_(membership_ids))
    )
    members = db.exec(statement).all()
    people = agreed_at(db, group_id, terms_of_session(version, (composition for _, composition, _ in members)))
    return frozenset(id_ for id_, _, person_id in members if person_id not in people), frozenset(people)
