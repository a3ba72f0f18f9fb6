"""Certificates: a frozen record each, a contiguous number, a random code; never deleted (BR-19, BR-20)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.curricula.schema import CertificateKind
from app.db import by_value, check, moment, moment_or_none, owned


class Signatory(SQLModel, table=True):
    """Someone who signs a college's certificates, between two dates."""

    __table_args__ = owned(extra=(check("period", "valid_to is null or valid_to >= valid_from"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    name: str = Field(max_length=200)
    title: str = Field(max_length=200)
    position: int = 1
    valid_from: date
    valid_to: date | None = None


class CertificateCounter(SQLModel, table=True):
    """The last number given, per college and year: its row is locked while one is issued."""

    __tablename__ = "certificate_counter"

    college_id: int = Field(foreign_key="college.id", primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class Hold(SQLModel, table=True):
    """Something open that forbids issuing for the time being (BR-19)."""

    __table_args__ = owned(("enrolment_id", "enrolment"))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    reason: str = Field(max_length=500)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
    closed_at: datetime | None = moment_or_none()
    closed_by: int | None = Field(default=None, foreign_key="person.id")


class CertificateState(StrEnum):
    """BR-20: the last two are final."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class Certificate(SQLModel, table=True):
    """An issued document; ``record`` holds all that it says, as it was said that day."""

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "certificate"),
        extra=(
            UniqueConstraint("college_id", "year", "sequence"),
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_certificate_one_valid",
                "enrolment_id",
                "kind",
                unique=True,
                postgresql_where=text("state = 'valid'"),
            ),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    enrolment_id: int = Field(index=True)
    kind: CertificateKind = Field(sa_type=by_value(CertificateKind))
    year: int
    sequence: int
    number: str = Field(unique=True, max_length=30)
    code: str = Field(unique=True, max_length=32)
    state: CertificateState = Field(sa_type=by_value(CertificateState))
    issued_on: date
    decided_by: int = Field(foreign_key="person.id")
    decided_at: datetime = moment()
    record: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    design: str = Field(max_length=60)
    pdf_sha256: str | None = Field(default=None, max_length=64)
    supersedes_id: int | None = None
