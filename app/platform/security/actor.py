"""The actor of a request, with their role grants, and :func:`scoped`, which limits a query to the rows they reach."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.platform.security.permissions import EVERYONE, GRANTS, P, Permission, R, Reach, Role


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that a person holds, and the college, cohort, group or project where they hold it."""

    role: Role
    college_id: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None
    project_id: int | None = None

    def place_at(self, reach: Reach) -> int | None:
        """Return the id of the college, cohort, group or project where the role is held."""
        places = {
            R.COLLEGE: self.college_id,
            R.COHORT: self.cohort_id,
            R.GROUP: self.group_id,
            R.PROJECT: self.project_id,
        }
        return places[reach]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, with their role grants and the permission of the route.

    ``colleges`` are those whose rows their transactions may access: where they hold a role, or all of them for an
    administrator. ``pending``: the password was accepted, the second factor is still missing. ``scope`` limits an API
    token to some permissions; ``None`` allows all those of its person. ``unread``: how many messages they had not read
    when the request began, 100 at most.
    """

    person_id: int
    name: str
    grants: frozenset[RoleGrant] = frozenset()
    colleges: frozenset[int] = frozenset()
    permission: Permission | None = None
    sign_in_id: int | None = None
    token_id: int | None = None
    pending: bool = False
    scope: frozenset[Permission] | None = None
    unread: int = 0

    def using(self, permission: Permission) -> "Actor":
        """Return the same actor with another permission in force."""
        return replace(self, permission=permission)

    def can(self, permission: Permission) -> bool:
        """Return whether any role grants the permission, at whatever reach (for menus and guards)."""
        if self.scope is not None and permission not in self.scope:
            return False
        if self.pending and permission is not P.SIGN_IN_FINISH:
            return False
        return permission in EVERYONE or any(permission in GRANTS[grant.role] for grant in self.grants)

    def has(self, role: Role) -> bool:
        """Return whether the person holds a role anywhere."""
        return any(grant.role is role for grant in self.grants)


def scoped(
    actor: Actor,
    *,
    college: ColumnElement[Any] | Any = None,  # noqa: ANN401 - a mapped attribute is a column to SQLAlchemy only
    cohort: ColumnElement[Any] | Any = None,  # noqa: ANN401
    group: ColumnElement[Any] | Any = None,  # noqa: ANN401
    person: ColumnElement[Any] | Any = None,  # noqa: ANN401
    project: ColumnElement[Any] | Any = None,  # noqa: ANN401
) -> ColumnElement[bool]:
    """Return the condition on the rows that the actor's grants reach with the permission in force.

    Pass the row's columns; a reach whose column is not passed matches nothing.
    """
    if actor.permission is None:
        raise RuntimeError("no permission in force: the route's guard sets it")
    if actor.scope is not None and actor.permission not in actor.scope:
        return false()  # a page may query with other permissions than its route's: the token's scope applies there too
    if EVERYONE.get(actor.permission) is R.PLATFORM:
        return true()
    columns = {R.COLLEGE: college, R.COHORT: cohort, R.GROUP: group, R.PROJECT: project}
    clauses: list[ColumnElement[bool]] = []
    for grant in actor.grants:
        reach = GRANTS[grant.role].get(actor.permission)
        if reach is R.PLATFORM:
            return true()
        if reach is R.SELF and person is not None:
            # In the role's college only: a role in one gives no access to the person's past in another.
            in_college = true() if college is None or grant.college_id is None else college == grant.college_id
            clauses.append(and_(person == actor.person_id, in_college))
        elif reach in columns:
            column, value = columns[reach], grant.place_at(reach)
            if column is not None and value is not None:
                clauses.append(column == value)
    return or_(false(), *clauses)
