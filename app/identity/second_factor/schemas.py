"""What someone does with their own account, and what an administrator does with another's."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from app.identity.account.schemas import Typed
from app.identity.sign_in.schemas import SignedIn
from app.platform.schema import Command, Read

Code = Annotated[str, StringConstraints(min_length=6, max_length=40)]


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
