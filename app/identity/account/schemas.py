"""People as they come in and go out."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, SecretStr, StringConstraints

from app.identity.account.rules import normal_email
from app.people.schemas import NewPerson
from app.platform.schema import Command, Read
from app.platform.security.permissions import Role

Email = Annotated[EmailStr, AfterValidator(normal_email)]


class NewAccount(NewPerson):
    """Someone who will sign in."""

    email: Email
    password: SecretStr


class CollegeAccount(NewAccount):
    """An account that a college opens; without a role the person may apply to a cohort."""

    role: Role | None = None


class PersonAdded(Read):
    """Someone new."""

    id: int


Typed = Annotated[SecretStr, Field(max_length=200)]


class PasswordProof(Command):
    """The password that someone has now, asked again before what matters."""

    present: Typed


class ChangePassword(PasswordProof):
    """Another password, after the one of now."""

    password: Typed


# Accounts, for an administrator -----------------------------------------------------------------


class AccountsQuery(Command):
    """Whom to look for: every word must be in a name, whatever its accents and case."""

    search: Annotated[str, StringConstraints(max_length=100)] = ""
    after: int | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AccountRow(Read):
    """Someone who may sign in."""

    person_id: int
    name: str
    email: str
    suspended_at: datetime | None


class AccountsPage(Read):
    """Some accounts by name; ``next`` is the cursor of those who follow, ``None`` at the end."""

    items: tuple[AccountRow, ...]
    next: int | None


class AccountRef(Read):
    """An account within an administrator's reach."""

    account_id: int
    person_id: int
    name: str
