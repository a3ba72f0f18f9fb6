"""Who did what to whom, when, from where: append-only, derived from what each transaction wrote.

:func:`record` runs last at the commit boundary: every row that objects wrote becomes an entry, in the same
transaction, so that a change that cannot be recorded fails. A statement that escapes the unit of work says so
with :func:`note`. An entry holds identifiers and a digest; the values stand aside, with a salt so that a digest
whose values were emptied confirms no guess. The chain is sealed apart (``sealing.py``).

Views of a person's file (:func:`viewed`) are written at the same boundary, one row per person, unchained.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.platform.audit.enums import Outcome, Part
from app.platform.database.types import by_value, moment
from app.platform.security.permissions import Role


class AuditEntry(SQLModel, table=True):
    """One act on one row, or one refused access: identifiers and digests only.

    ``subject`` is a table and ``subject_id`` its row, or of a refusal the door and the number it was asked for;
    ``digest`` the SHA-256 of the salt and the values kept aside.
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
    """What an entry changed, before and after; anonymisation may empty all three without breaking the chain."""

    __tablename__ = "audit_values"

    entry_id: int = Field(primary_key=True, foreign_key="audit_entry.id", sa_type=BigInteger)
    salt: str | None = Field(default=None, max_length=32)
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
    """That someone saw or exported something of a person's file; the person may read it. Not chained.

    ``role`` is the one that opened the file to them that day.
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


# What is to be recorded --------------------------------------------------------------------------
