"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment_or_none


class RecoveryCode(Row, table=True):
    """A code to write down, for who loses the second factor; serves once, only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    account_id: int = Field(foreign_key="account.id", index=True)
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = moment_or_none()
