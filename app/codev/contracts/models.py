"""The table of agreements: append-only, no free text (BR-11)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, owned


class CodevAgreement(Row, table=True):
    """Someone's agreement to the contract of their group, as the group was composed then.

    ``membership_id`` is ``None`` for the facilitator.
    """

    __tablename__ = "codev_agreement"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        ("membership_id", "codev_membership"),
        extra=(
            UniqueConstraint("group_id", "person_id", "contract_version", "composition"),
            check("composition", "composition > 0"),
        ),
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    membership_id: int | None = Field(default=None, index=True)
    contract_version: str = Field(max_length=20)
    composition: int
    agreed_at: datetime = moment()
