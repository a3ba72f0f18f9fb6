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
    image: str | None = Field(default=None, max_length=70)


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
    """An issued document; ``record`` holds all that it says, as it was said that day.

    ``document`` and ``credential`` come of the record once, when it is first asked for; ``ended_on`` is the day
    it was replaced or revoked, ``why`` the registrar's reason for a correction.
    """

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "certificate"),
        extra=(
            UniqueConstraint("college_id", "year", "sequence"),
            UniqueConstraint("supersedes_id"),
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
    credential: str | None = None
    supersedes_id: int | None = None
    why: str | None = Field(default=None, max_length=500)
    ended_on: date | None = None


class Revocation(SQLModel, table=True):
    """A certificate that may be revoked: why, what the holder was told and says, and what was decided (S10).

    ``answer_by`` is the last day to comment; ``revoked`` is empty until a named person has decided.
    """

    __table_args__ = owned(
        ("certificate_id", "certificate"),
        extra=(
            Index("uq_revocation_one_open", "certificate_id", unique=True, postgresql_where=text("decided_at is null")),
            check(
                "decided", "(decided_at is null) = (decided_by is null) and (decided_at is null) = (revoked is null)"
            ),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    certificate_id: int = Field(index=True)
    reason: str = Field(max_length=1000)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
    answer_by: date
    answer: str | None = Field(default=None, max_length=4000)
    answered_at: datetime | None = moment_or_none()
    decided_at: datetime | None = moment_or_none()
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    revoked: bool | None = None
    contest: str | None = Field(default=None, max_length=4000)
    contested_at: datetime | None = moment_or_none()


class CollegeKey(SQLModel, table=True):
    """A key that signs a college's credentials; ``private_sealed`` is sealed by the keyring.

    The newest that is not retired signs; a retired one goes on proving what it has signed.
    """

    __tablename__ = "college_key"
    __table_args__ = owned(extra=(UniqueConstraint("college_id", "name"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    name: str = Field(max_length=40)
    public_key: str = Field(max_length=100)
    private_sealed: str = Field(max_length=300)
    created_at: datetime = moment()
    retired_at: datetime | None = moment_or_none()


class StatusList(SQLModel, table=True):
    """Which of a college's credentials no longer hold, as a credential that was signed at the last change."""

    __tablename__ = "status_list"

    college_id: int = Field(foreign_key="college.id", primary_key=True)
    number: int = Field(primary_key=True)
    credential: str
    signed_at: datetime = moment()


class Batch(SQLModel, table=True):
    """One decision to issue several certificates; ``finished_at`` once each item has its document or its refusal."""

    __tablename__ = "batch"
    __table_args__ = owned()

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    decided_by: int = Field(foreign_key="person.id")
    decided_at: datetime = moment()
    finished_at: datetime | None = moment_or_none()


class BatchItem(SQLModel, table=True):
    """One certificate of a batch: issued, or refused with the reasons that came up since the preview."""

    __tablename__ = "batch_item"
    __table_args__ = owned(
        ("batch_id", "batch"),
        ("enrolment_id", "enrolment"),
        ("certificate_id", "certificate"),
        extra=(UniqueConstraint("batch_id", "enrolment_id", "kind"), UniqueConstraint("certificate_id")),
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    batch_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    kind: CertificateKind = Field(sa_type=by_value(CertificateKind))
    certificate_id: int | None = None
    refusal: list[Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
