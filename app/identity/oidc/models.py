"""Tables of OpenID Connect: providers, linked identities, flows under way."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class OidcProvider(Row, table=True):
    """A college's sign-in service; its issuer is pinned, its client secret encrypted by the keyring."""

    __tablename__ = "oidc_provider"
    __table_args__ = owned(extra=(UniqueConstraint("issuer", "client_id", info=refused_as("oidc_provider_taken")),))

    college_id: int = Field(foreign_key="college.id", index=True)
    label: str = Field(max_length=100)
    issuer: str = Field(max_length=300)
    client_id: str = Field(max_length=200)
    client_secret_sealed: str = Field(max_length=500)
    created_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()


class OidcIdentity(Row, table=True):
    """An account's identity at an issuer: ``(issuer, subject)``, never an e-mail address."""

    __tablename__ = "oidc_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject", info=refused_as("oidc_identity_taken")),)

    account_id: int = Field(foreign_key="account.id", index=True)
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    linked_at: datetime = moment()
    seen_at: datetime | None = moment_or_none()


class OidcFlow(Row, table=True):
    """An authorization flow, bound to one browser, valid once, within minutes.

    ``account_id`` is set when a signed-in person links the identity to their account.
    """

    __tablename__ = "oidc_flow"

    provider_id: int = Field(foreign_key="oidc_provider.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    state_hash: str = Field(unique=True, max_length=64)
    browser_hash: str = Field(max_length=64)
    nonce: str = Field(max_length=100)
    verifier_sealed: str = Field(max_length=400)
    return_to: str = Field(default="/", max_length=500)
    created_at: datetime = moment(index=True)
    used_at: datetime | None = moment_or_none()
