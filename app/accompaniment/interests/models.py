"""The table of interests (S6): each row is written once and never changed."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from app.accompaniment.interests.enums import InterestKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class Interest(Row, table=True):
    """An interest that someone declares for a term, or that there is none; ``detail_sealed`` is their own to read."""

    __table_args__ = owned(
        extra=(
            check("enterprise", "(kind = 'enterprise') = (neq is not null)"),
            check("neq", "neq ~ '^[0-9]{10}$'"),
            check("person", "(kind = 'person') = (about_id is not null)"),
            check("vendor", "(kind = 'vendor') = (vendor is not null)"),
            Index("ix_interest_declared", "college_id", "term", "declared_by"),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    declared_by: int = Field(foreign_key="person.id", index=True)
    term: str = Field(max_length=5)
    kind: InterestKind = Field(sa_type=by_value(InterestKind))
    neq: str | None = Field(default=None, max_length=10)
    about_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    vendor: str | None = Field(default=None, max_length=300)
    detail_sealed: str | None = Field(default=None, sa_type=Text)
    declared_at: datetime = moment()
