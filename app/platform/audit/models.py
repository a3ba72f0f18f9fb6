"""The tables of the audit record: entries, their values, the links of the hash chain, and the access log."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.platform.audit.enums import Outcome, Part
from app.platform.database.types import by_value, moment
from app.platform.security.permissions import Role


class AuditEntry(SQLModel, table=True):
    """One act on one row, or one refused access: identifiers and digests only.

    ``subject`` is a table and ``subject_id`` a row of it; of a refusal, the method with the path pattern and the id in
    the path. ``digest`` is the SHA-256 of the salt and the values in :class:`AuditValues`.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject", "subject_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment(index=True)
    actor_id: int | None = Field(default=None, index=True)
    sign_in_id: int | None = None
    token_id: int | None = None
    permission: str = Field(default="", max_length=40)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=120)
    subject_id: int | None = None
    college_id: int | None = Field(default=None, index=True)
    outcome: Outcome = Field(sa_type=by_value(Outcome))
    origin: str = Field(default="", max_length=45)
    digest: str = Field(default="", max_length=64)


class AuditValues(SQLModel, table=True):
    """The values that an entry changed, before and after; anonymisation may empty them without breaking the chain."""

    __tablename__ = "audit_values"

    entry_id: int = Field(primary_key=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    salt: str | None = Field(default=None, max_length=32)
    before: dict[str, object] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, object] | None = Field(default=None, sa_type=JSONB)


class AuditSeal(SQLModel, table=True):
    """A link of the hash chain: ``mac`` covers the entry and the previous link, under the keyring's ``key_version``."""

    __tablename__ = "audit_seal"

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    entry_id: int = Field(unique=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    key_version: int
    mac: str = Field(max_length=64)
    sealed_at: datetime = moment()


class View(SQLModel, table=True):
    """An access to a part of a person's file, which the person may read; not part of the hash chain.

    ``role`` is the one that gave the viewer access that day.
    """

    __tablename__ = "view_log"
    __table_args__ = (Index("ix_view_log_subject_at", "subject_id", "at"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment()
    viewer_id: int | None = None
    subject_id: int = Field(foreign_key="person.id")
    college_id: int | None = Field(default=None, foreign_key="college.id")
    permission: str = Field(max_length=40)
    role: Role | None = Field(default=None, sa_type=by_value(Role), nullable=True)
    what: Part = Field(sa_type=by_value(Part))
    origin: str = Field(default="", max_length=45)
