"""Who may do what: permissions, grants per role *at a distance*, the actor, and the guard of every route.

This screen is the whole truth. A route names exactly one permission (or says ``Public``); a service
sees rows through :func:`scoped`, which turns the actor's grants for that permission into a ``WHERE``.
No feature is imported here: ``main.py`` tells the guard how to recognise a person.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.platform.security.permissions import EVERYONE, GRANTS, P, Permission, R, Role


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role someone holds, and where."""

    role: Role
    college_id: int | None = None
    cohort_id: int | None = None
    group_id: int | None = None
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with the roles they hold and the permission that the route names.

    ``colleges`` are those whose rows the person's transactions may touch at all: where they hold a
    role, or every one for an administrator. ``pending``: the password is proven, the second factor not
    yet. ``scope`` narrows what an API token may do; ``None`` is everything its person may.
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

    def using(self, permission: Permission) -> "Actor":
        """The same person at another door."""
        return replace(self, permission=permission)

    def can(self, permission: Permission) -> bool:
        """Whether any role holds the permission, at whatever distance (for menus and guards)."""
        if self.scope is not None and permission not in self.scope:
            return False
        if self.pending and permission is not P.SIGN_IN_FINISH:
            return False
        return permission in EVERYONE or any(permission in GRANTS[h.role] for h in self.grants)

    def has(self, role: Role) -> bool:
        """Whether the person holds a role anywhere."""
        return any(h.role is role for h in self.grants)


def scoped(
    actor: Actor,
    *,
    college: ColumnElement[Any] | Any = None,  # noqa: ANN401 - a mapped attribute is a column to SQLAlchemy only
    cohort: ColumnElement[Any] | Any = None,  # noqa: ANN401
    group: ColumnElement[Any] | Any = None,  # noqa: ANN401
    person: ColumnElement[Any] | Any = None,  # noqa: ANN401
    project: ColumnElement[Any] | Any = None,  # noqa: ANN401
) -> ColumnElement[bool]:
    """The rows that the actor's grants for the route's permission reach: the one way to select.

    Pass the row's columns; a reach whose column is not given reaches nothing.
    """
    if actor.permission is None:
        raise RuntimeError("no permission in force: the route's guard gives it")
    if actor.scope is not None and actor.permission not in actor.scope:
        return false()  # a page may look at more than its route's permission; a token's scope holds there too
    if EVERYONE.get(actor.permission) is R.PLATFORM:
        return true()
    columns = {
        R.COLLEGE: (college, "college_id"),
        R.COHORT: (cohort, "cohort_id"),
        R.GROUP: (group, "group_id"),
        R.PROJECT: (project, "project_id"),
    }
    clauses: list[ColumnElement[bool]] = []
    for held in actor.grants:
        reach = GRANTS[held.role].get(actor.permission)
        if reach is R.PLATFORM:
            return true()
        if reach is R.SELF and person is not None:
            # In the role's college: a role in one opens nothing of one's past in another.
            there = true() if college is None or held.college_id is None else college == held.college_id
            clauses.append(and_(person == actor.person_id, there))
        elif reach in columns:
            column, name = columns[reach]
            value = getattr(held, name)
            if column is not None and value is not None:
                clauses.append(column == value)
    return or_(false(), *clauses)
