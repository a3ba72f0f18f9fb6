"""The table of recovery codes."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment_or_none


class RecoveryCode(Row, table=True):
    """A code that replaces a lost second factor; valid once. Only its SHA-256 is stored."""

    __tablename__ = "recovery_code"

    account_id: int = Field(foreign_key="account.id", index=True)
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = moment_or_none()
