"""People as they come in and go out."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.platform.schema import Command, Read
from app.platform.security.permissions import Role


class PersonRow(Read):
    """Someone of a college, with the roles they hold in it."""

    id: int
    name: str
    roles: tuple[Role, ...]


class PeoplePage(Read):
    """Some people by name; ``next`` is the cursor of those who follow, ``None`` at the end."""

    items: tuple[PersonRow, ...]
    next: int | None


class PeopleQuery(Command):
    """What to look for: every word must be in a name, whatever its accents and case."""

    search: Annotated[str, StringConstraints(max_length=100)] = ""
    after: int | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
