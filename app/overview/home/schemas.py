"""The signed-in person and their roles."""

from app.platform.schema import Read
from app.platform.security.permissions import Role


class HeldRole(Read):
    """A role, and where it is held."""

    role: Role
    college: str | None = None
    cohort: str | None = None
    cohort_id: int | None = None
    group: str | None = None
    group_id: int | None = None
    project_id: int | None = None
    college_id: int | None = None


class Me(Read):
    """The signed-in person."""

    person_id: int
    name: str
    roles: tuple[HeldRole, ...]
