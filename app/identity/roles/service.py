"""Granting and revoking roles, and finding who holds one."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, text
from sqlmodel import col, select

from app.identity.roles.models import RoleGrantRow, RoleProposal
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.errors import Forbidden, Reason
from app.platform.security.duties import CONFIRMED_ROLES, WAY_OUT, grantable_by
from app.platform.security.permissions import Role


def grant_role(
    db: Session,
    person_id: int,
    role: Role,
    *,
    college_id: int | None = None,
    cohort_id: int | None = None,
    group_id: int | None = None,
    project_id: int | None = None,
    granted_by: int | None = None,
) -> None:
    """Grant a role; granting one that the person holds in the same place changes nothing.

    ``granted_by`` is the person who gives it; ``None`` when the service itself does, or a command. Raises
    ``Forbidden``: ``grants_oneself``, or ``role_above_yours`` for a role that none of theirs gives there. One of
    ``CONFIRMED_ROLES`` is only proposed then: it starts once another administrator confirms it (``proposals.py``).
    """
    if granted_by is not None:
        _check_granter(db, granted_by, person_id, role, college_id)
    same_grant = select(RoleGrantRow.id).where(
        RoleGrantRow.person_id == person_id,
        RoleGrantRow.role == role,
        RoleGrantRow.college_id == college_id,
        RoleGrantRow.cohort_id == cohort_id,
        RoleGrantRow.group_id == group_id,
        RoleGrantRow.project_id == project_id,
        col(RoleGrantRow.ended_at).is_(None),
    )
    if db.exec(same_grant).first() is not None:
        return
    allow(db, Right.PLATFORM_ROLES if college_id is None else Right.ROLES)
    if granted_by is not None and role in CONFIRMED_ROLES and college_id is not None:
        _propose(db, person_id, role, college_id, granted_by)
    else:
        db.add(
            RoleGrantRow(
                person_id=person_id,
                role=role,
                college_id=college_id,
                cohort_id=cohort_id,
                group_id=group_id,
                project_id=project_id,
                granted_at=now(),
                granted_by=granted_by,
            )
        )
        db.flush()


def _propose(db: Session, person_id: int, role: Role, college_id: int, proposed_by: int) -> None:
    """Add a proposal, unless the same one awaits its decision."""
    same = select(RoleProposal.id).where(
        RoleProposal.person_id == person_id,
        RoleProposal.role == role,
        RoleProposal.college_id == college_id,
        col(RoleProposal.decided_at).is_(None),
    )
    if db.exec(same).first() is None:
        by: dict[str, Any] = {"proposed_at": now(), "proposed_by": proposed_by}
        db.add(RoleProposal(college_id=college_id, person_id=person_id, role=role, **by))
        db.flush()


def _check_granter(db: Session, granter: int, person_id: int, role: Role, college_id: int | None) -> None:
    """Raise ``Forbidden`` unless another person, whose roles in the place give this one, grants it."""
    if granter == person_id:
        raise Forbidden("grants_oneself", WAY_OUT)
    roles = select(RoleGrantRow.role).where(
        RoleGrantRow.person_id == granter,
        or_(col(RoleGrantRow.college_id) == college_id, col(RoleGrantRow.college_id).is_(None)),
        col(RoleGrantRow.ended_at).is_(None),
    )
    if role not in grantable_by(Role(held) for held in db.exec(roles)):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))


def revoke_role(
    db: Session, person_id: int, role: Role, *, cohort_id: int | None = None, group_id: int | None = None
) -> None:
    """Revoke a role in a group, or in a cohort and its groups; the same role elsewhere stays."""
    allow(db, Right.ROLES)
    place = RoleGrantRow.cohort_id == cohort_id if group_id is None else RoleGrantRow.group_id == group_id
    active = select(RoleGrantRow).where(
        RoleGrantRow.person_id == person_id, RoleGrantRow.role == role, place, col(RoleGrantRow.ended_at).is_(None)
    )
    for row in db.exec(active).all():
        row.ended_at = now()
        db.add(row)
    db.flush()


_GROUPS = text(
    """
    select m.group_id
      from codev_membership m join enrolment e on e.id = m.enrolment_id
     where e.person_id = :person and e.cohort_id = :cohort and m.left_on is null
    """
)


def groups_of(db: Session, person_id: int, *, cohort_id: int) -> Sequence[int]:
    """Return the codevelopment groups of a cohort that a person belongs to: they have the role of each."""
    return db.execute(_GROUPS, {"person": person_id, "cohort": cohort_id}).scalars().all()


MOST_HOLDERS = 200
"""How many people are offered to choose among."""


def holders(
    db: Session, role: Role, *, college_id: int, cohort_id: int | None = None, group_id: int | None = None
) -> Sequence[tuple[int, str]]:
    """Return ``(person id, name)`` of who holds a role in a college, a cohort or a group, by name; some of many."""
    held = select(RoleGrantRow.person_id).where(
        RoleGrantRow.role == role, RoleGrantRow.college_id == college_id, col(RoleGrantRow.ended_at).is_(None)
    )
    if cohort_id is not None:
        held = held.where(RoleGrantRow.cohort_id == cohort_id)
    if group_id is not None:
        held = held.where(RoleGrantRow.group_id == group_id)
    ids = held.order_by(col(RoleGrantRow.person_id)).distinct().limit(MOST_HOLDERS)
    people = (
        sa.select(col(Person.id), shown_name())
        .where(col(Person.id) == sa.any_(sa.func.array(ids.scalar_subquery())))
        .order_by(col(Person.search_key))
    )
    return [(id_, name) for id_, name in db.execute(people)]
