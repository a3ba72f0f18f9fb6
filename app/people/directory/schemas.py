"""The query and the results of a search among the people of a college."""

from app.platform.paging import PAGE, After, Limit
from app.platform.schema import Command, Read, SearchText
from app.platform.security.permissions import Role


class PersonRow(Read):
    """A person, with the roles they hold in the college."""

    id: int
    name: str
    roles: tuple[Role, ...]


class PeoplePage(Read):
    """A page of people by name; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[PersonRow, ...]
    next: int | None


class PeopleQuery(Command):
    """A search: every word must be in a name, whatever its accents and case."""

    search: SearchText = ""
    after: After = None
    limit: Limit = PAGE
