"""Commands and read models of providers, linked identities and flows."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints

from app.platform.schema import Address, Command, Line, Read

WebAddress = Annotated[Address, StringConstraints(min_length=8, max_length=300)]
ClientId = Annotated[Address, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


def _of_ascii(secret: SecretStr) -> SecretStr:
    """Refuse a secret that is not printable ASCII: it goes into an HTTP header."""
    if not secret.get_secret_value().isascii() or not secret.get_secret_value().isprintable():
        raise ValueError("not a secret that an issuer gives")
    return secret


Secret = Annotated[SecretStr, Field(min_length=8, max_length=250), AfterValidator(_of_ascii)]


class NewProvider(Command):
    """A provider with our registration there; an existing one gets the new label and secret."""

    label: Annotated[Line, StringConstraints(max_length=100)]
    issuer: WebAddress
    client_id: ClientId
    client_secret: Secret


class ProviderShown(Read):
    """A college's provider, without its secret; ``ended_at`` is when it was removed."""

    id: int
    label: str
    issuer: str
    client_id: str
    created_at: datetime
    ended_at: datetime | None = None


class ProviderList(Read):
    """The providers of a college, oldest first."""

    items: tuple[ProviderShown, ...]


class ProviderRef(Read):
    """A provider within the actor's reach: what commands accept."""

    id: int
    college_id: int


class SignInOption(Read):
    """A provider, as the sign-in page lists it."""

    id: int
    label: str


class IdentityShown(Read):
    """An identity linked to one's account; ``label`` is ``None`` when no provider in use has its issuer."""

    id: int
    issuer: str
    label: str | None
    linked_at: datetime
    seen_at: datetime | None


class Callback(Read):
    """The parameters of an authorization response (OIDC Core 3.1.2.5, RFC 9207); others are ignored."""

    # Others may come (RFC 6749, 4.1.2). FastAPI builds the model of a query when the route is declared.
    model_config = ConfigDict(extra="ignore", defer_build=False)

    state: Annotated[str, StringConstraints(max_length=200)] = ""
    code: Annotated[str, StringConstraints(max_length=4000)] = ""
    error: Annotated[str, StringConstraints(max_length=200)] = ""
    iss: Annotated[str, StringConstraints(max_length=300)] | None = None


class AuthorizationRedirect(Read):
    """Where to redirect the browser, and the secret that its cookie holds until it is back."""

    address: str
    browser: str
    label: str


class FlowResult(Read):
    """The account of a finished flow, and where to go next; ``linked`` when it linked an identity."""

    account_id: int
    return_to: str
    linked: bool
