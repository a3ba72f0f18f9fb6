"""Commands and read models of roles that await a second person."""

from datetime import datetime

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
