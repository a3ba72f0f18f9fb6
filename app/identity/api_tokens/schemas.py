"""Commands and read models of API tokens."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.platform.schema import Command, Line, Read
from app.platform.security.permissions import Permission


class NewToken(Command):
    """A token to create: its name, its permissions, and for how many days."""

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


class TokenCreated(TokenShown):
    """An API token with its secret, shown once."""

    token: str


class Tokens(Read):
    """A person's API tokens, newest first."""

    items: tuple[TokenShown, ...]
