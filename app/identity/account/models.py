"""The tables of accounts and of what opens them."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, moment_or_none
from app.platform.database.uniqueness import refused_as


class Account(Row, table=True):
    """The account of a person; ``email`` is stored in lower case.

    ``email_since``: when it replaced another address; ``None`` while it is the first one.
    """

    person_id: int = Field(foreign_key="person.id", unique=True)
    email: str = Field(max_length=254)
    totp_confirmed_at: datetime | None = moment_or_none()
    suspended_at: datetime | None = moment_or_none()
    created_at: datetime = moment()
    email_since: datetime | None = moment_or_none()

    __table_args__ = (
        check("email_lower", "email = lower(email)"),
        UniqueConstraint("email", info=refused_as("email_taken", "email")),
    )


class AccountSecret(SQLModel, table=True):
    """What opens an account, visible to a transaction that ``open_credentials`` let touch it, and to no other.

    ``totp_sealed`` is the secret of the second factor, encrypted by the keyring; ``totp_step`` is the last step of
    30 seconds whose code was used, so that a code works only once (RFC 6238).
    """

    __tablename__ = "account_secret"

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    password_hash: str = Field(max_length=255)
    totp_sealed: str | None = Field(default=None, max_length=300)
    totp_step: int | None = None
