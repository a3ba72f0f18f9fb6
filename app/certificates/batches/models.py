"""Tables of batches and their items."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.certificates.enums import BatchWait
from app.network.enums import CertificateKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class Batch(Row, table=True):
    """One decision to issue several certificates; ``finished_at`` once each item has its document or its refusal.

    ``waits_for`` is the code of what keeps it from going on by itself, as a full disk.
    """

    __tablename__ = "batch"
    __table_args__ = owned()

    college_id: int = Field(foreign_key="college.id", index=True)
    decided_by: int = Field(foreign_key="person.id")
    decided_at: datetime = moment()
    finished_at: datetime | None = moment_or_none()
    waits_for: BatchWait | None = Field(default=None, sa_type=by_value(BatchWait))


class BatchItem(Row, table=True):
    """One certificate of a batch: issued, or refused with the reasons found since the preview."""

    __tablename__ = "batch_item"
    __table_args__ = owned(
        ("batch_id", "batch"),
        ("enrolment_id", "enrolment"),
        ("certificate_id", "certificate"),
        extra=(
            UniqueConstraint("batch_id", "enrolment_id", "kind"),
            UniqueConstraint("certificate_id"),
            Index(
                "uq_batch_item_one_awaited",
                "enrolment_id",
                "kind",
                unique=True,
                postgresql_where=text("certificate_id is null and refusal is null"),
                info=refused_as("certificate_awaited"),
            ),
        ),
    )

    college_id: int = Field(index=True)
    batch_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    kind: CertificateKind = Field(sa_type=by_value(CertificateKind))
    certificate_id: int | None = None
    refusal: list[Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
