"""People as they come in and go out."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, SecretStr, StringConstraints

from app.access import Role
from app.people.rules import normal_email, normal_name
from app.web import Command, Line, Read

Email = Annotated[EmailStr, AfterValidator(normal_email)]
Name = Annotated[Line, StringConstraints(max_length=100), AfterValidator(normal_name)]


class SignInCommand(Command):
    """An address and its password."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(normal_email)]
    password: SecretStr


class SignedIn(Read):
    """A bearer token, shown once."""

    token: str
    expires_at: datetime


class NewPerson(Command):
    """Someone to know, with the names of their identity document."""

    legal_first_name: Name
    legal_last_name: Name
    chosen_name: Annotated[Line, StringConstraints(max_length=200), AfterValidator(normal_name)] | None = None


class NewAccount(NewPerson):
    """Someone who will sign in."""

    email: Email
    password: SecretStr


class RoleShown(Read):
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
    """Who is signed in."""

    person_id: int
    name: str
    roles: tuple[RoleShown, ...]


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


class DemoAccount(Read):
    """An account of the demo network, its password in clear."""

    role: Role
    college: str
    name: str
    email: str
    password: str


class CollegeAccount(NewAccount):
    """An account that a college opens; without a role the person may apply to a cohort."""

    role: Role | None = None


class PersonAdded(Read):
    """Someone new."""

    id: int
