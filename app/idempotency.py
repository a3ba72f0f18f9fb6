"""``Idempotency-Key``: a creation sent twice is done once, and both senders read the same answer."""

from datetime import datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.db import moment, moment_or_none


class IdempotentRequest(SQLModel, table=True):
    """A creation under a key of its sender's: ``request_hash`` covers method, path and body; then its answer."""

    __tablename__ = "idempotent_request"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    key: str = Field(max_length=100)
    request_hash: str = Field(max_length=64)
    created_at: datetime = moment(index=True)
    finished_at: datetime | None = moment_or_none()
    status: int | None = None
    headers: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
