"""Roles that one administrator gives and another one confirms."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.identity.roles.models import RoleProposal
from app.identity.roles.schemas import DecideRole, RoleProposalRef, RoleProposals, RoleProposalShown
from app.identity.roles.service import grant_role
from app.network.models import College
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import fetch_after
from app.platform.database.session import Session, allow
from app.platform.errors import Conflict, NotFound
from app.platform.paging import PAGE_SIZE
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import second_person


def open_proposals(db: Session, actor: Actor, *, after: int | None = None, limit: int = PAGE_SIZE) -> RoleProposals:
    """Return the roles within reach that await their confirmation, oldest first."""
    proposer = aliased(Person)
    statement = (
        sa.select(RoleProposal, Person, proposer, College)
        .join(Person, col(Person.id) == RoleProposal.person_id)
        .join(proposer, col(proposer.id) == RoleProposal.proposed_by)
        .join(College, col(College.id) == RoleProposal.college_id)
        .where(col(RoleProposal.decided_at).is_(None), scoped(actor, college=RoleProposal.college_id))
    )
    rows, next_ = fetch_after(db, statement, (), col(RoleProposal.id), after=after, limit=limit)
    items = tuple(
        RoleProposalShown(
            id=row.id,
            college=college.name,
            person=person.name,
            role=row.role,
            proposed_at=row.proposed_at,
            proposed_by=proposed_by.name,
            mine=actor.person_id in {row.proposed_by, row.person_id},
        )
        for row, person, proposed_by, college in rows
    )
    return RoleProposals(items=items, next=next_)


def see_role_proposal(db: Session, actor: Actor, proposal_id: int) -> RoleProposalRef:
    """Return a proposed role within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=RoleProposal.college_id)
    row = db.exec(select(RoleProposal).where(RoleProposal.id == proposal_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return RoleProposalRef.model_validate(row)


def decide(db: Session, actor: Actor, ref: RoleProposalRef, command: DecideRole) -> None:
    """Let a role start, or refuse it; its proposer may withdraw it, and never confirms it.

    Raises ``Forbidden("second_person_needed")``, ``Conflict("role_decided")``.
    """
    if command.accept:
        second_person(actor.person_id, ref.proposed_by)
    allow(db, Right.ROLES)
    row = db.exec(select(RoleProposal).where(RoleProposal.id == ref.id).with_for_update(key_share=True)).one()
    db.refresh(row)
    if row.decided_at is not None:
        raise Conflict("role_decided")
    row.decided_at, row.decided_by, row.accepted = now(), actor.person_id, command.accept
    db.add(row)
    db.flush()
    if command.accept:
        grant_role(db, row.person_id, row.role, college_id=row.college_id)
