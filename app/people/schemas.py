"""People as they come in and go out."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, EmailStr, SecretStr, StringConstraints

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
    """Someone in a list."""

    id: int
    name: str
    email: str | None = None
