"""The table of password reset links."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class PasswordReset(Row, table=True):
    """A link sent to an account's address; valid once, within the hour. Only the SHA-256 of its token is stored."""

    __tablename__ = "password_reset"

    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment_or_none()
