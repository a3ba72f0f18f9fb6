"""Commands and read models of a password reset."""

from pydantic import SecretStr

from app.platform.messages.addresses import Email
from app.platform.schema import Command, Read


class ResetRequest(Command):
    """The address of an account whose password is forgotten."""

    email: Email


class NewPassword(Command):
    """The new password."""

    password: SecretStr


class ResetLink(Read):
    """A valid link: the address of its account, and the shortest password accepted."""

    email: str
    minimum: int
