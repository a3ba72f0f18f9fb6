"""The table of sign-ins."""

from datetime import datetime

from sqlmodel import Field

from app.identity.sign_in.enums import SignInKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, moment, moment_or_none


class SignIn(Row, table=True):
    """A sign-in; only the SHA-256 of its secret is stored. ``origin`` is the network address that it came from."""

    __tablename__ = "sign_in"

    account_id: int = Field(foreign_key="account.id", index=True)
    kind: SignInKind = Field(sa_type=by_value(SignInKind))
    secret_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()
    second_factor_at: datetime | None = moment_or_none()
    user_agent: str = Field(default="", max_length=300)
    origin: str = Field(default="", max_length=45)
