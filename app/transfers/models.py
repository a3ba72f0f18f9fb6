"""The tables of transfers: a proposal with its consent and its decision, and the file that an enrolment received."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.transfers.enums import TransferState


class Transfer(Row, table=True):
    """The transfer of an enrolment to another cohort, from its proposal to its end.

    ``college_id`` is the college that proposes it and ``to_college_id`` the one that receives, which reads the row once
    the person has consented. Titles and versions are those of the day of the proposal. ``answer`` is the reason that
    ended it.
    """

    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            ForeignKeyConstraint(["to_cohort_id", "to_college_id"], ["cohort.id", "cohort.college_id"]),
            ForeignKeyConstraint(["to_enrolment_id", "to_college_id"], ["enrolment.id", "enrolment.college_id"]),
            UniqueConstraint("id", "to_college_id"),
            Index("uq_transfer_one_open", "enrolment_id", unique=True, postgresql_where=text("ended_at is null")),
            check("ended", "(ended_at is null) = (ended_by is null)"),
            check("accepted", "(state = 'accepted') = (to_enrolment_id is not null)"),
            check("consent", "consented_at is not null or college_id = to_college_id or state <> 'awaiting_decision'"),
        ),
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    enrolment_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    curriculum_slug: str = Field(max_length=60)
    from_version: str = Field(max_length=20)
    from_title: str = Field(max_length=200)
    to_college_id: int = Field(foreign_key="college.id", index=True)
    to_cohort_id: int = Field(index=True)
    to_version: str = Field(max_length=20)
    to_title: str = Field(max_length=200)
    reason: str = Field(max_length=500)
    state: TransferState = Field(sa_type=by_value(TransferState))
    proposed_at: datetime = moment()
    proposed_by: int = Field(foreign_key="person.id")
    consented_at: datetime | None = moment_or_none()
    ended_at: datetime | None = moment_or_none()
    ended_by: int | None = Field(default=None, foreign_key="person.id")
    answer: str | None = Field(default=None, max_length=500)
    to_enrolment_id: int | None = Field(default=None, index=True)


class CarriedFile(Row, table=True):
    """What an enrolment received by a transfer, frozen on the day of the acceptance: ``body`` is a ``Package``.

    Who comes back brings a newer file, which supersedes the former one and holds all that it held.
    """

    __tablename__ = "carried_file"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("supersedes_id", "carried_file"),
        extra=(
            ForeignKeyConstraint(["transfer_id", "college_id"], ["transfer.id", "transfer.to_college_id"]),
            UniqueConstraint("transfer_id"),
            UniqueConstraint("supersedes_id"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    transfer_id: int
    supersedes_id: int | None = None
    carried_at: datetime = moment()
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
