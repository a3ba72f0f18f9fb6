"""The table of the projection: one row per enrolment, written by ``service.recompute`` alone."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Column, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, owned


class ProgressRow(Row, table=True):
    """The progress of an enrolment; ``body`` is the whole ``Progress`` value as JSON.

    The other columns repeat the parts of it that lists and reports select; reports leave out what was carried.
    ``undecided`` are the eligible kinds of which no certificate is in force: the database keeps it, when progress or a
    certificate is written.
    """

    __tablename__ = "progress"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            UniqueConstraint("enrolment_id"),
            Index("ix_progress_undecided", "college_id", postgresql_where=text("undecided <> '{}'")),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int
    version: int
    recognised_minutes: int
    planned_minutes: int
    attended_minutes: int
    attendance_base_minutes: int
    carried_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    carried_attended_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    carried_base_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    modules_done: int
    modules_total: int
    next_due_on: date | None = None
    last_fact_on: date | None = None
    eligible: list[str] = Field(sa_column=Column(ARRAY(String(40)), nullable=False))
    undecided: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(40)), nullable=False, server_default="{}")
    )
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    folded_at: datetime = moment()
