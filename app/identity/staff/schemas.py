"""Commands and read models of the roles of a college's staff."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Read
from app.platform.security.permissions import Role


class RoleChangeCommand(Command):
    """Why a role ends, or is given back."""

    reason: Annotated[Line, StringConstraints(max_length=500)]


class StaffRoleRef(Read):
    """A role of a college's staff within the actor's reach: what commands accept."""

    id: int
    college_id: int
    person_id: int
    role: Role
    cohort_id: int | None
    group_id: int | None
    ended_at: datetime | None


class TeamMember(Read):
    """Someone who holds a role in a cohort."""

    role_id: int
    person_id: int
    name: str
    role: Role
    since: datetime


class StaffRole(Read):
    """A role that someone holds in a college, or held until lately; ``cohort`` when it is held in one.

    ``in_group``: in a codevelopment group of that cohort, whose name is its members' own.
    """

    id: int
    name: str
    role: Role
    cohort: str | None
    in_group: bool
    granted_at: datetime
    ended_at: datetime | None


class StaffRoles(Read):
    """The roles of a college's staff, by name; those that ended come back for 30 days.

    ``next`` is the cursor of the following page.
    """

    items: tuple[StaffRole, ...]
    next: int | None


class StaffRoleSort(StrEnum):
    """What the roles of a college's staff are sorted by."""

    NAME = "nom"
    ROLE = "role"


class StaffRolesQuery(ListQuery):
    """The roles of a college's staff to show, by name."""

    SORTS: ClassVar = StaffRoleSort
    tri: str = "nom"


class RoleChangeShown(Read):
    """An end of a role, or its return: by whom, when and why."""

    is_end: bool
    changed_at: datetime
    changed_by: str
    reason: str


class StaffRoleShown(StaffRole):
    """A role with its history."""

    changes: tuple[RoleChangeShown, ...]
