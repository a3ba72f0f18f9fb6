"""The roles of a college's staff: who holds them, ending one with its reason, giving it back while it is recent."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.invitations.service import grantable_roles
from app.identity.roles.held import cohort_codes
from app.identity.roles.models import RoleChange, RoleGrantRow
from app.identity.roles.service import grant_role
from app.identity.staff.rules import RETURN_WITHIN, STAFF, return_reasons
from app.identity.staff.schemas import (
    RoleChangeCommand,
    RoleChangeShown,
    StaffRole,
    StaffRoleRef,
    StaffRoles,
    StaffRoleShown,
    StaffRoleSort,
    StaffRolesQuery,
    TeamMember,
)
from app.network.schemas import CollegeShown
from app.people.models import NAMES, Person, shown_name
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session, allow
from app.platform.errors import Conflict, Forbidden, NotFound, Reason
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import Role

ORDERS: Orders = {
    StaffRoleSort.NAME: (col(Person.search_key), col(RoleGrantRow.role)),
    StaffRoleSort.ROLE: (col(RoleGrantRow.role), col(Person.search_key)),
}


_ENDS = func.coalesce(col(RoleGrantRow.ended_at), sa.literal_column("'infinity'::timestamp with time zone"))
"""When a role ended or will, as its index has it: those in force and those of late are read without the rest."""


def list_staff_roles(db: Session, college: CollegeShown, query: StaffRolesQuery) -> Page[StaffRole]:
    """Return a page of the roles of a college's staff, with those that ended within 30 days."""
    named = NAMES.matches(col(RoleGrantRow.person_id), query.words, [college.id])
    counted = sa.select(col(RoleGrantRow.id)).where(*_of_staff(college.id), *named)
    page = fetch_page(db, _roles(college.id).where(*named), query, ORDERS, col(RoleGrantRow.id), counted=counted)
    codes = cohort_codes(db, page.items)
    return page.map(lambda row: _shown(row, codes))


def staff_roles(db: Session, college: CollegeShown, *, after: int | None = None, limit: int = PAGE_SIZE) -> StaffRoles:
    """Return the roles of a college's staff by name, with those that ended within 30 days, ``limit`` at a time."""
    order = ORDERS[StaffRoleSort.NAME]
    rows, next_ = fetch_after(db, _roles(college.id), order, col(RoleGrantRow.id), after=after, limit=limit)
    codes = cohort_codes(db, rows)
    return StaffRoles(items=tuple(_shown(row, codes) for row in rows), next=next_)


def _roles(college_id: int) -> sa.Select[*tuple[Any, ...]]:
    ended = col(RoleGrantRow.ended_at)
    return (
        sa.select(
            col(RoleGrantRow.id),
            shown_name().label("name"),
            col(RoleGrantRow.role),
            col(RoleGrantRow.cohort_id),
            col(RoleGrantRow.group_id).is_not(None).label("in_group"),
            col(RoleGrantRow.granted_at),
            ended,
        )
        .join(Person, col(Person.id) == col(RoleGrantRow.person_id))
        .where(*_of_staff(college_id))
    )


def _of_staff(college_id: int) -> list[ColumnElement[bool]]:
    return [
        col(RoleGrantRow.college_id) == college_id,
        col(RoleGrantRow.role).in_(STAFF),
        now() - RETURN_WITHIN < _ENDS,
    ]


def _shown(row: Any, codes: Mapping[int, str]) -> StaffRole:  # noqa: ANN401 - a named tuple
    return StaffRole(
        id=row.id,
        name=row.name,
        role=row.role,
        cohort=codes.get(row.cohort_id),
        in_group=row.in_group,
        granted_at=row.granted_at,
        ended_at=row.ended_at,
    )


def see_staff_role(db: Session, actor: Actor, role_id: int) -> StaffRoleRef:
    """Return a role of a college's staff within the actor's reach; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=RoleGrantRow.college_id)
    staff = col(RoleGrantRow.role).in_(STAFF)
    row = db.exec(select(RoleGrantRow).where(RoleGrantRow.id == role_id, staff, within)).one_or_none()
    if row is None:
        raise NotFound
    return StaffRoleRef.model_validate(row)


def staff_role(db: Session, ref: StaffRoleRef) -> StaffRoleShown:
    """Return a role with its history; raise ``NotFound`` once it is past being given back."""
    row = db.execute(_roles(ref.college_id).where(col(RoleGrantRow.id) == ref.id)).one_or_none()
    if row is None:
        raise NotFound
    shown = _shown(row, cohort_codes(db, [row]))
    changes = db.exec(
        select(RoleChange, Person)
        .join(Person, col(Person.id) == RoleChange.changed_by)
        .where(RoleChange.role_id == ref.id)
        .order_by(col(RoleChange.id))
    ).all()
    return StaffRoleShown(
        **shown.model_dump(),
        changes=tuple(
            RoleChangeShown(is_end=c.is_end, changed_at=c.changed_at, changed_by=p.name, reason=c.reason)
            for c, p in changes
        ),
    )


def may_change(actor: Actor, ref: StaffRoleRef) -> bool:
    """Return whether the actor ends this role or gives it back: one that they could give, and never their own."""
    return ref.role in grantable_roles(actor, ref.college_id) and ref.person_id != actor.person_id


def end_staff_role(db: Session, actor: Actor, ref: StaffRoleRef, command: RoleChangeCommand) -> None:
    """End a role; one of the whole college ends in its cohorts and groups too, at the same moment.

    Raises ``Forbidden("role_above_yours")``, ``Conflict("role_ended")``.
    """
    _require_rank(actor, ref)
    allow(db, Right.ROLES)
    at = now()
    rows = _lock(db, ref)
    if not any(row.id == ref.id for row in rows):
        raise Conflict("role_ended")
    for row in rows:
        row.ended_at = at
        db.add(row)
    _record(db, actor, ref, command, is_end=True)


def team_of(db: Session, cohort_id: int) -> list[TeamMember]:
    """Return who holds a role in a cohort, by role and name; those of its groups are of the groups alone."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            col(RoleGrantRow.id).label("role_id"),
            col(RoleGrantRow.person_id),
            shown_name().label("name"),
            col(RoleGrantRow.role),
            col(RoleGrantRow.granted_at).label("since"),
        )
        .join(Person, col(Person.id) == RoleGrantRow.person_id)
        .where(
            col(RoleGrantRow.cohort_id) == cohort_id,
            col(RoleGrantRow.group_id).is_(None),
            col(RoleGrantRow.role).in_(STAFF),
            col(RoleGrantRow.ended_at).is_(None),
        )
        .order_by(col(RoleGrantRow.role).desc(), col(Person.search_key), col(RoleGrantRow.id))
    )
    return [TeamMember.model_validate(row) for row in db.execute(statement)]


def end_in_cohort(db: Session, actor: Actor, ref: StaffRoleRef, command: RoleChangeCommand) -> None:
    """End a role held in a cohort, which its coordinator gave; raise ``Conflict("role_ended")``, ``NotFound``."""
    if ref.cohort_id is None or ref.group_id is not None:
        raise NotFound
    allow(db, Right.ROLES)
    rows = _lock(db, ref)
    if not rows:
        raise Conflict("role_ended")
    for row in rows:
        row.ended_at = now()
        db.add(row)
    _record(db, actor, ref, command, is_end=True)


def give_back(db: Session, actor: Actor, ref: StaffRoleRef, command: RoleChangeCommand) -> None:
    """Give a role back, with what ended with it; a group that has another facilitator since keeps them.

    The ended rows stay. A registrar's role waits for a second administrator. Raises ``Forbidden``:
    ``role_above_yours``; ``Conflict``: ``role_not_ended``, ``role_ended_long_ago``, ``role_held``,
    ``account_suspended``.
    """
    _require_rank(actor, ref)
    account = db.exec(select(Account).where(Account.person_id == ref.person_id)).one()
    if ref.ended_at is None:
        raise Conflict("role_not_ended")
    in_force = select(RoleGrantRow).where(
        RoleGrantRow.college_id == ref.college_id, RoleGrantRow.role == ref.role, col(RoleGrantRow.ended_at).is_(None)
    )
    others = db.exec(in_force).all()
    is_held = any(
        (o.person_id, o.cohort_id, o.group_id) == (ref.person_id, ref.cohort_id, ref.group_id) for o in others
    )
    reasons = return_reasons(ref.ended_at, now(), is_held=is_held, is_suspended=account.suspended_at is not None)
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    taken = {other.group_id for other in others if other.group_id is not None}
    for row in _ended_with(db, ref):
        if row.group_id is None or row.group_id not in taken:
            where = {"college_id": row.college_id, "cohort_id": row.cohort_id, "group_id": row.group_id}
            grant_role(db, row.person_id, row.role, **where, granted_by=actor.person_id)
    _record(db, actor, ref, command, is_end=False)


def _require_rank(actor: Actor, ref: StaffRoleRef) -> None:
    if ref.role not in grantable_roles(actor, ref.college_id):
        raise Forbidden("role_above_yours", Reason("role_above_yours"))


def _lock(db: Session, ref: StaffRoleRef) -> Sequence[RoleGrantRow]:
    """Return the role and, for one of the whole college, the same one in its cohorts and groups, locked."""
    same = select(RoleGrantRow).where(
        RoleGrantRow.person_id == ref.person_id,
        RoleGrantRow.role == ref.role,
        RoleGrantRow.college_id == ref.college_id,
        col(RoleGrantRow.ended_at).is_(None),
    )
    if ref.group_id is not None or ref.cohort_id is not None:
        same = same.where(RoleGrantRow.id == ref.id)
    return db.exec(same.order_by(col(RoleGrantRow.id)).with_for_update(key_share=True)).all()


def _ended_with(db: Session, ref: StaffRoleRef) -> Sequence[RoleGrantRow]:
    """Return the role and those that the same act ended, which have its moment; the role itself comes first."""
    same_act = select(RoleGrantRow).where(
        RoleGrantRow.person_id == ref.person_id,
        RoleGrantRow.role == Role(ref.role),
        RoleGrantRow.college_id == ref.college_id,
        RoleGrantRow.ended_at == ref.ended_at,
    )
    rows = db.exec(same_act.order_by(col(RoleGrantRow.id))).all()
    is_whole = ref.cohort_id is None and ref.group_id is None
    return rows if is_whole else [row for row in rows if row.id == ref.id]


def _record(db: Session, actor: Actor, ref: StaffRoleRef, command: RoleChangeCommand, *, is_end: bool) -> None:
    db.add(
        RoleChange(
            college_id=ref.college_id,
            role_id=ref.id,
            is_end=is_end,
            changed_at=now(),
            changed_by=actor.person_id,
            reason=command.reason,
        )
    )
    db.flush()
