"""Commands and read models of sign-ins and devices."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr, StringConstraints

from app.identity.sign_in.enums import SignInKind
from app.people.rules import full_name
from app.platform.messages.addresses import normal_address
from app.platform.schema import Address, Command, Read
from app.platform.security.permissions import Role


class SignInCommand(Command):
    """An address and its password."""

    email: Annotated[Address, StringConstraints(min_length=3, max_length=254), AfterValidator(normal_address)]
    password: SecretStr


class SignedIn(Read):
    """A bearer token, shown once."""

    token: str
    expires_at: datetime


class DemoAccount(Read):
    """An account of the demo network, its password in clear."""

    role: Role
    college: str
    name: str
    email: str
    password: str


class Device(Read):
    """A sign-in; ``browser`` and ``system`` are empty for a program that names none."""

    id: int
    kind: SignInKind
    browser: str
    system: str
    origin: str
    created_at: datetime
    seen_at: datetime
    current: bool


class Devices(Read):
    """The person's sign-ins, the last used first."""

    items: tuple[Device, ...]


class Presenter(Read):
    """Who presents the secret of a sign-in or an API token: its row, its account, its person with their roles.

    Each of ``roles`` is ``(role, college id, cohort id, group id, project id)``; ``colleges`` are those where one is
    held, all of them for an administrator. ``unread`` counts their messages that they have not read, up to 100.
    """

    id: int
    account_id: int
    person_id: int
    chosen_name: str | None
    legal_first_name: str | None
    legal_last_name: str
    seen_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None
    second_factor_at: datetime | None = None
    permissions: tuple[str, ...] = ()
    suspended_at: datetime | None
    totp_confirmed_at: datetime | None
    roles: tuple[tuple[Role, int | None, int | None, int | None, int | None], ...]
    colleges: tuple[int, ...]
    unread: int

    @property
    def name(self) -> str:
        """The name shown on screens."""
        return self.chosen_name or full_name(self.legal_first_name, self.legal_last_name)
