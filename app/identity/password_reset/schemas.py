"""Invitations and new passwords as they come in and go out."""

from pydantic import SecretStr

from app.identity.account.schemas import Email
from app.platform.schema import Command, Read


class AskReset(Command):
    """The address of an account whose password is forgotten."""

    email: Email


class NewPassword(Command):
    """Another password."""

    password: SecretStr


class ResetShown(Read):
    """A link that serves: for whom, and how long a password must be."""

    email: str
    minimum: int
