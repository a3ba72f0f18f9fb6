"""Tables of certificates and their number counters (BR-19, BR-20).

A certificate has a frozen record, a number without gaps and a random code; it is never deleted.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.certificates.enums import CertificateState
from app.network.enums import CertificateKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class CertificateCounter(SQLModel, table=True):
    """The last number issued, per college and year; its row is locked while a certificate is issued."""

    __tablename__ = "certificate_counter"

    college_id: int = Field(foreign_key="college.id", primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class Certificate(Row, table=True):
    """An issued certificate; ``record`` is its frozen content (``CertificateRecord``).

    The document (``pdf_sha256``) and ``credential`` are made from the record once, when first requested; ``ended_on``
    is the day it was replaced or revoked, ``why`` the registrar's reason for a correction.
    """

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "certificate"),
        extra=(
            UniqueConstraint("college_id", "year", "sequence"),
            UniqueConstraint("supersedes_id"),
            Index("ix_certificate_college_id_issued_on_id", "college_id", "issued_on", "id"),
            check("ended", "(state = 'valid') = (ended_on is null)"),
            Index(
                "uq_certificate_one_valid",
                "enrolment_id",
                "kind",
                unique=True,
                postgresql_where=text("state = 'valid'"),
            ),
        ),
    )

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
    credential: str | None = None
    supersedes_id: int | None = None
    why: str | None = Field(default=None, max_length=500)
    ended_on: date | None = None
