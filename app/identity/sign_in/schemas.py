"""Commands and read models of sign-ins and devices."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr, StringConstraints

from app.identity.sign_in.enums import SignInKind
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
