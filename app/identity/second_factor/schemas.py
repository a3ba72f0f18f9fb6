"""Commands and read models of the second factor."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from app.identity.account.schemas import TypedPassword
from app.identity.sign_in.schemas import SignedIn
from app.platform.schema import Code, Command, NeverShownAgain, Read

TypedCode = Annotated[Code, StringConstraints(min_length=6, max_length=40), NeverShownAgain]


class SecondFactorState(Read):
    """Whether there is a second factor, since when, how many recovery codes are left, whether a role needs it."""

    on: bool
    since: datetime | None
    codes_left: int
    needed: bool


class Proposal(Read):
    """A second factor to set up: its secret, and ``proposal`` to send back with its first code."""

    secret: str
    uri: str
    proposal: str


class FirstCode(Command):
    """A proposed second factor, with its first code."""

    proposal: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    code: TypedCode


class Enrol(FirstCode):
    """As :class:`FirstCode`; ``present`` is the password, required once the sign-in is complete."""

    present: TypedPassword | None = None


class SecondFactorCode(Command):
    """Six digits of the application, or a recovery code."""

    code: TypedCode


class RecoveryCodes(Read):
    """Recovery codes, shown once; each is valid once."""

    codes: tuple[str, ...]


class Enrolled(SignedIn):
    """The sign-in's new secret, and the recovery codes, both shown once."""

    codes: tuple[str, ...]
