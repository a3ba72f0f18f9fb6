"""Who did what to whom, when, from where: append-only, derived from what each transaction wrote."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.db import by_value, moment


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REFUSED = "refused"


class AuditEntry(SQLModel, table=True):
    """One act on one row, or one refused access: identifiers and digests only.

    ``subject`` is a table and ``subject_id`` its row; ``digest`` the SHA-256 of the values kept aside.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject", "subject_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment(index=True)
    actor_id: int | None = Field(default=None, index=True)
    sign_in_id: int | None = None
    token_id: int | None = None
    permission: str = Field(default="", max_length=40)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=60)
    subject_id: int | None = None
    college_id: int | None = Field(default=None, index=True)
    outcome: Outcome = Field(sa_type=by_value(Outcome))
    origin: str = Field(default="", max_length=45)
    digest: str = Field(default="", max_length=64)


class AuditValues(SQLModel, table=True):
    """What an entry changed, before and after; anonymisation may empty it without breaking the chain."""

    __tablename__ = "audit_values"

    entry_id: int = Field(primary_key=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    before: dict[str, object] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, object] | None = Field(default=None, sa_type=JSONB)


class AuditSeal(SQLModel, table=True):
    """An entry's link of the chain: ``mac`` covers the entry and the one before; ``key_version`` is the keyring's."""

    __tablename__ = "audit_seal"

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    entry_id: int = Field(unique=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    key_version: int
    mac: str = Field(max_length=64)
    sealed_at: datetime = moment()


class View(SQLModel, table=True):
    """That someone saw or exported something of a person's file; the person may read it. Not chained."""

    __tablename__ = "view_log"
    __table_args__ = (Index("ix_view_log_subject_at", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: datetime = moment()
    viewer_id: int | None = None
    subject_id: int = Field(foreign_key="person.id")
    college_id: int | None = Field(default=None, foreign_key="college.id")
    permission: str = Field(max_length=40)
    what: str = Field(max_length=100)
    origin: str = Field(default="", max_length=45)
