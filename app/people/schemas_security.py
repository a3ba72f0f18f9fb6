"""What someone does with their own account, and what an administrator does with another's."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from app.access import Permission
from app.people.models import SignInKind
from app.people.schemas import SignedIn
from app.web import Command, Line, Read

Typed = Annotated[SecretStr, Field(max_length=200)]
Code = Annotated[str, StringConstraints(min_length=6, max_length=40)]


# Devices and the password -----------------------------------------------------------------------


class Device(Read):
    """A place where someone is signed in; ``browser`` and ``system`` are empty for a program that names none."""

    id: int
    kind: SignInKind
    browser: str
    system: str
    origin: str
    created_at: datetime
    seen_at: datetime
    current: bool


class Devices(Read):
    """Where someone is signed in, the last used first."""

    items: tuple[Device, ...]


class PasswordProof(Command):
    """The password that someone has now, asked again before what matters."""

    present: Typed


class ChangePassword(PasswordProof):
    """Another password, after the one of now."""

    password: Typed


# The second factor ------------------------------------------------------------------------------


class SecondFactorState(Read):
    """Whether there is a second factor, since when, how many recovery codes are left, whether the roles need it."""

    on: bool
    since: datetime | None
    codes_left: int
    needed: bool


class Proposal(Read):
    """A second factor to add to an application: its secret, and ``proposal`` to send back with its first code."""

    secret: str
    uri: str
    proposal: str


class FirstCode(Command):
    """A proposed second factor, proven by its first code."""

    proposal: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    code: Code


class Enrol(FirstCode):
    """As :class:`FirstCode`; ``present`` is the password, asked of whoever is already signed in for good."""

    present: Typed | None = None


class SecondFactorCode(Command):
    """Six digits of the application, or a recovery code."""

    code: Code


class RecoveryCodes(Read):
    """Codes to keep, shown once; each serves once."""

    codes: tuple[str, ...]


class Enrolled(SignedIn):
    """The sign-in's new secret, and the recovery codes, both shown once."""

    codes: tuple[str, ...]


# API tokens -------------------------------------------------------------------------------------


class NewToken(Command):
    """A program's key: what it is for, what it may do, for how many days."""

    name: Annotated[Line, StringConstraints(max_length=100)]
    permissions: Annotated[frozenset[Permission], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenShown(Read):
    """An API token, without its secret."""

    id: int
    name: str
    permissions: tuple[Permission, ...]
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None


class TokenMade(TokenShown):
    """An API token with its secret, shown once."""

    token: str


class Tokens(Read):
    """Someone's API tokens, the newest first."""

    items: tuple[TokenShown, ...]


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
