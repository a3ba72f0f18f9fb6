"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class PasswordReset(Row, table=True):
    """Proof that someone reads an account's mail; serves once, within the hour, only its SHA-256 is kept."""

    __tablename__ = "password_reset"

    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment_or_none()
