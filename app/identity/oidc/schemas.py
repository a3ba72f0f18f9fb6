"""A college's sign-in service, the identities linked to an account, and what comes back from an issuer."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from app.platform.schema import Command, Line, Read

Address = Annotated[str, StringConstraints(min_length=8, max_length=300)]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


def _of_ascii(secret: SecretStr) -> SecretStr:
    """As it goes into a header, and sealed into its column."""
    if not secret.get_secret_value().isascii() or not secret.get_secret_value().isprintable():
        raise ValueError("not a secret that an issuer gives")
    return secret


Secret = Annotated[SecretStr, Field(min_length=8, max_length=250), AfterValidator(_of_ascii)]


class NewProvider(Command):
    """A sign-in service as its administrators registered us; known already, its label and secret are replaced."""

    label: Annotated[Line, StringConstraints(max_length=100)]
    issuer: Address
    client_id: ClientId
    client_secret: Secret


class ProviderShown(Read):
    """A college's sign-in service, without its secret; ``ended_at`` once it is offered no more."""

    id: int
    label: str
    issuer: str
    client_id: str
    created_at: datetime
    ended_at: datetime | None = None


class ProviderList(Read):
    """The sign-in services of a college, the oldest first."""

    items: tuple[ProviderShown, ...]


class ProviderRef(Read):
    """A provider that the actor may manage: what commands accept."""

    id: int
    college_id: int


class Offer(Read):
    """A way to sign in, as the sign-in page offers it."""

    id: int
    label: str


class IdentityShown(Read):
    """Who one is at an issuer; ``label`` is a service's of that issuer, ``None`` when none is left."""

    id: int
    issuer: str
    label: str | None
    linked_at: datetime
    seen_at: datetime | None


class Callback(Read):
    """What an issuer sends a browser back with (OIDC Core 3.1.2.5, RFC 9207); what more it says is not read."""

    state: Annotated[str, StringConstraints(max_length=200)] = ""
    code: Annotated[str, StringConstraints(max_length=4000)] = ""
    error: Annotated[str, StringConstraints(max_length=200)] = ""
    iss: Annotated[str, StringConstraints(max_length=300)] | None = None


class AuthorizationRedirect(Read):
    """Where to send the browser, and the secret that its cookie keeps until it is back."""

    address: str
    browser: str
    label: str


class FlowResult(Read):
    """Who came back, and where they were going; ``linked`` when it was to link an identity."""

    account_id: int
    return_to: str
    linked: bool
