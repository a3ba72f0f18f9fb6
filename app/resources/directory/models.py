"""Tables of the directory: its entries, and what was done to each."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Column, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.resources.directory.enums import ResourceAct, ResourceKind


class Resource(Row, table=True):
    """An organisation, a service or an aid programme, kept up by a college and read by the whole network.

    Without ``regions`` it serves all of Quebec; ``needs`` are words of the lexicon. A programme has its six conditions.
    ``version`` rises with each act that its history keeps.
    """

    __table_args__ = owned(
        extra=(
            check(
                "programme",
                "kind <> 'programme' or num_nulls(eligibility, expenses, own_share, ceiling, deadline, source,"
                " consulted_on) = 0",
            ),
            check("needs", "cardinality(needs) > 0"),
            check("version", "version > 0"),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    version: int
    kind: ResourceKind = Field(sa_type=by_value(ResourceKind))
    name: str = Field(max_length=120)
    search_key: str = Field(max_length=600, index=True)
    search_text: str = Field(sa_column=Column(Text, nullable=False))
    verb: str = Field(max_length=40)
    summary: str = Field(max_length=600)
    regions: list[str] = Field(sa_type=ARRAY(String(2)))
    needs: list[str] = Field(sa_type=ARRAY(String(60)))
    address: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=200)
    website: str | None = Field(default=None, max_length=300)
    eligibility: str | None = Field(default=None, max_length=500)
    expenses: str | None = Field(default=None, max_length=500)
    own_share: str | None = Field(default=None, max_length=200)
    ceiling: str | None = Field(default=None, max_length=200)
    deadline: str | None = Field(default=None, max_length=200)
    source: str | None = Field(default=None, max_length=300)
    consulted_on: date | None = None
    verified_at: datetime = moment(index=True)
    verified_by: int = Field(foreign_key="person.id")
    retired_at: datetime | None = moment_or_none()


class ResourceChange(Row, table=True):
    """What was done to an entry; ``before`` has the former value of each field that changed."""

    __tablename__ = "resource_change"
    __table_args__ = owned(("resource_id", "resource"))

    college_id: int = Field(index=True)
    resource_id: int = Field(index=True)
    act: ResourceAct = Field(sa_type=by_value(ResourceAct))
    before: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    done_at: datetime = moment()
    done_by: int = Field(foreign_key="person.id")
