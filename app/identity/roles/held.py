"""Who holds which role, where, since when, and given by whom; participants' roles follow their enrolments."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.identity.roles.enums import HeldRoleSort, HeldState
from app.identity.roles.models import RoleGrantRow, RoleProposal
from app.identity.roles.schemas import HeldRolesQuery, ListedRole, ListedRolePage
from app.identity.staff.rules import RETURN_WITHIN, STAFF
from app.network.models import College, Project
from app.people.models import NAMES, Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_words
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

ORDERS: Orders = {
    HeldRoleSort.NAME: (col(Person.search_key),),
    HeldRoleSort.ROLE: (col(RoleGrantRow.role), col(Person.search_key)),
    HeldRoleSort.COLLEGE: (col(College.name), col(Person.search_key)),
    HeldRoleSort.SINCE: (col(RoleGrantRow.granted_at),),
}
LISTED = tuple(role for role in Role if role is not Role.PARTICIPANT)
"""Named one by one, so that the index of a college's roles leaves the participants out."""
AT_ONCE = timedelta(minutes=1)
"""A role that two people give starts in the transaction of the second one's decision."""

_COHORTS = text("select id, code from cohort where id = any(:ids)")


def list_held_roles(db: Session, actor: Actor, query: HeldRolesQuery) -> Page[ListedRole]:
    """Return a page of the roles within reach, without those of participants."""
    statement = _held(actor, query.words, is_ended=query.etat is HeldState.ENDED)
    if query.role is not None:
        statement = statement.where(col(RoleGrantRow.role) == query.role)
    if query.college is not None:
        statement = statement.where(col(RoleGrantRow.college_id) == query.college)
    key = col(RoleGrantRow.id)
    counted = sa.select(key).where(statement.whereclause if statement.whereclause is not None else sa.true())
    page = fetch_page(db, statement, query, ORDERS, key, counted=counted)
    codes, confirmed = cohort_codes(db, page.items), _confirmations(db, page.items)
    return page.map(lambda row: _shown(row, codes, confirmed))


def held_roles(
    db: Session, actor: Actor, *, search: str = "", after: int | None = None, limit: int = PAGE_SIZE
) -> ListedRolePage:
    """Return the roles in force within reach, by name, without those of participants, ``limit`` at a time."""
    statement = _held(actor, search_words(search), is_ended=False)
    rows, next_ = fetch_after(db, statement, ORDERS[HeldRoleSort.NAME], col(RoleGrantRow.id), after=after, limit=limit)
    codes, confirmed = cohort_codes(db, rows), _confirmations(db, rows)
    return ListedRolePage(items=tuple(_shown(row, codes, confirmed) for row in rows), next=next_)


def _held(actor: Actor, words: Sequence[str], *, is_ended: bool) -> sa.Select[*tuple[Any, ...]]:
    giver = aliased(Person)
    named = sa.func.concat_ws(" ", giver.legal_first_name, giver.legal_last_name)
    ended = col(RoleGrantRow.ended_at)
    return (
        sa.select(
            col(RoleGrantRow.id),
            col(RoleGrantRow.person_id),
            col(RoleGrantRow.college_id),
            shown_name().label("person"),
            col(RoleGrantRow.role),
            col(College.name).label("college"),
            col(RoleGrantRow.cohort_id),
            col(RoleGrantRow.group_id).is_not(None).label("in_group"),
            col(Project.name).label("project"),
            col(RoleGrantRow.granted_at),
            sa.case((giver.id.is_not(None), sa.func.coalesce(giver.chosen_name, named))).label("granted_by"),  # type: ignore[attr-defined]
            ended,
        )
        .join(Person, col(Person.id) == col(RoleGrantRow.person_id))
        .outerjoin(giver, col(giver.id) == col(RoleGrantRow.granted_by))
        .outerjoin(College, col(College.id) == col(RoleGrantRow.college_id))
        .outerjoin(Project, col(Project.id) == col(RoleGrantRow.project_id))
        .where(
            col(RoleGrantRow.role).in_(LISTED),
            ended.is_not(None) if is_ended else ended.is_(None),
            scoped(actor, college=RoleGrantRow.college_id),
            *NAMES.matches(col(RoleGrantRow.person_id), words, None if actor.has(Role.ADMIN) else actor.colleges),
        )
    )


def cohort_codes(db: Session, rows: Sequence[Any]) -> dict[int, str]:
    """Return the codes of the cohorts where the roles are held, by id."""
    ids = {row.cohort_id for row in rows} - {None}
    return {row.id: row.code for row in db.execute(_COHORTS, {"ids": sorted(ids)})} if ids else {}


def _confirmations(db: Session, rows: Sequence[Any]) -> dict[int, tuple[str, str]]:
    """Return ``(proposer, confirmer)`` of the roles that two people gave, by the id of the role."""
    people = {row.person_id for row in rows}
    if not people:
        return {}
    first, second = aliased(Person), aliased(Person)
    statement = (
        sa.select(RoleProposal, first, second)
        .join(first, col(first.id) == col(RoleProposal.proposed_by))
        .join(second, col(second.id) == col(RoleProposal.decided_by))
        .where(col(RoleProposal.person_id).in_(people), col(RoleProposal.accepted).is_(True))
    )
    accepted = db.execute(statement).all()
    return {
        row.id: (proposer.name, confirmer.name)
        for row in rows
        for proposal, proposer, confirmer in accepted
        if _gave(proposal, row)
    }


def _gave(proposal: RoleProposal, row: Any) -> bool:  # noqa: ANN401 - a named tuple
    """Return whether an accepted proposal is what a role began by."""
    same = (proposal.person_id, proposal.college_id, proposal.role) == (row.person_id, row.college_id, row.role)
    decided = proposal.decided_at
    return same and decided is not None and decided <= row.granted_at <= decided + AT_ONCE


def _shown(row: Any, codes: dict[int, str], confirmed: dict[int, tuple[str, str]]) -> ListedRole:  # noqa: ANN401 - a named tuple
    proposer, confirmer = confirmed.get(row.id, (row.granted_by, None))
    is_recent = row.ended_at is None or now() - row.ended_at <= RETURN_WITHIN
    return ListedRole(
        id=row.id,
        person=row.person,
        role=row.role,
        college=row.college,
        cohort=codes.get(row.cohort_id),
        in_group=row.in_group,
        project=row.project,
        granted_at=row.granted_at,
        granted_by=proposer,
        confirmed_by=confirmer,
        ended_at=row.ended_at,
        is_changeable=row.role in STAFF and is_recent,
    )
