"""Commands and read models of roles: who holds them, and those that await a second person."""

from datetime import datetime
from typing import ClassVar

from app.identity.roles.enums import HeldRoleSort, HeldState
from app.platform.paging import ListQuery
from app.platform.schema import Command, Read
from app.platform.security.permissions import Role


class DecideRole(Command):
    """Whether the role starts."""

    accept: bool


class RoleProposalRef(Read):
    """A proposed role within an administrator's reach: what commands accept."""

    id: int
    college_id: int
    person_id: int
    role: Role
    proposed_by: int


class RoleProposalShown(Read):
    """A role that awaits its confirmation; ``mine`` when its reader proposed it or would hold it."""

    id: int
    college: str
    person: str
    role: Role
    proposed_at: datetime
    proposed_by: str
    mine: bool


class RoleProposals(Read):
    """The roles that await their confirmation, oldest first; ``next`` is the cursor of the following page."""

    items: tuple[RoleProposalShown, ...]
    next: int | None


class HeldRolesQuery(ListQuery):
    """The roles to show in a list, by name; those in force unless asked otherwise."""

    SORTS: ClassVar = HeldRoleSort
    tri: str = "nom"
    role: Role | None = None
    college: int | None = None
    etat: HeldState = HeldState.IN_FORCE


class ListedRole(Read):
    """A role that someone holds or held: where, since when, given by whom.

    ``granted_by`` is empty for a role that a command or the service itself gave; ``confirmed_by`` is the second
    administrator of a role that takes two. ``is_changeable``: it is one of a college's staff, in force or ended lately.
    """

    id: int
    person: str
    role: Role
    college: str | None
    cohort: str | None
    in_group: bool
    project: str | None
    granted_at: datetime
    granted_by: str | None
    confirmed_by: str | None
    ended_at: datetime | None
    is_changeable: bool


class ListedRolePage(Read):
    """A page of roles by name; ``next`` is the ``after`` of the following page."""

    items: tuple[ListedRole, ...]
    next: int | None
