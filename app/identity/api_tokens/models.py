"""The table of API tokens."""

from datetime import datetime

from sqlalchemy import ARRAY, String
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class ApiToken(Row, table=True):
    """A named, expiring credential limited to some of its person's permissions; only its SHA-256 is stored."""

    __tablename__ = "api_token"

    account_id: int = Field(foreign_key="account.id", index=True)
    name: str = Field(max_length=100)
    token_hash: str = Field(unique=True, max_length=64)
    permissions: list[str] = Field(sa_type=ARRAY(String(40)))
    created_at: datetime = moment()
    expires_at: datetime = moment()
    seen_at: datetime | None = moment_or_none()
    ended_at: datetime | None = moment_or_none()
