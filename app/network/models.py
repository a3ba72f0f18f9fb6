"""Tables of the network: Quebec's regions, the colleges (tenants), the projects and their targets."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Column, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.network.colleges.rules import (
    ENTRY_NOTICE_DAYS,
    GRACE_HOURS,
    LATE_JOIN_PCT,
    MOST_GRACE_HOURS,
    MOST_NOTICE_DAYS,
    MOST_REVIEW_DAYS,
    REVIEW_DAYS,
)
from app.network.enums import TargetKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment_or_none
from app.platform.database.uniqueness import refused_as


class Region(SQLModel, table=True):
    """One of Quebec's 17 administrative regions; ``code`` as the government numbers them."""

    code: str = Field(primary_key=True, max_length=2)
    name: str = Field(max_length=80)
    name_en: str = Field(max_length=80)


class College(Row, table=True):
    """A college: the tenant. ``number_prefix`` begins its certificate numbers.

    ``logo`` names a stored file (``<sha256>.png``); ``ink`` and ``accent`` are its colours (``#rrggbb``).
    ``closed_at``: since then it begins nothing new (``app/network/colleges/``). ``late_join_pct`` and ``grace_hours``
    are what its new cohorts ask unless they choose otherwise. ``entry_notice_days``: how many days before someone
    enters a codevelopment group that has begun its members are told (S2). ``review_days``: in how many working days
    a person may ask for a review of a judgement, and the review is due (S5).
    """

    __table_args__ = (
        UniqueConstraint("slug", info=refused_as("college_exists")),
        UniqueConstraint("number_prefix", info=refused_as("college_exists")),
        check("closed", "(closed_at is null) = (closed_reason is null)"),
        check("late_join_pct", "late_join_pct between 0 and 100"),
        check("grace_hours", f"grace_hours between 0 and {MOST_GRACE_HOURS}"),
        check("entry_notice_days", f"entry_notice_days between 0 and {MOST_NOTICE_DAYS}"),
        check("review_days", f"review_days between 1 and {MOST_REVIEW_DAYS}"),
    )

    slug: str = Field(max_length=60)
    name: str = Field(max_length=120)
    city: str = Field(max_length=80)
    region_code: str = Field(foreign_key="region.code", index=True)
    number_prefix: str = Field(max_length=6)
    timezone: str = Field(default="America/Toronto", max_length=40)
    is_sofeduc_member: bool = False
    authorised_kinds: list[str] = Field(sa_column=Column(ARRAY(String(40)), nullable=False))
    logo: str | None = Field(default=None, max_length=70)
    ink: str | None = Field(default=None, max_length=7)
    accent: str | None = Field(default=None, max_length=7)
    late_join_pct: int = LATE_JOIN_PCT
    grace_hours: int = GRACE_HOURS
    entry_notice_days: int = Field(
        default=ENTRY_NOTICE_DAYS, sa_column_kwargs={"server_default": str(ENTRY_NOTICE_DAYS)}
    )
    review_days: int = Field(default=REVIEW_DAYS, sa_column_kwargs={"server_default": str(REVIEW_DAYS)})
    closed_at: datetime | None = moment_or_none()
    closed_reason: str | None = Field(default=None, max_length=500)


class Project(Row, table=True):
    """A funded project; its targets are data, never code (S11)."""

    slug: str = Field(max_length=60)
    name: str = Field(max_length=200)
    funder: str = Field(max_length=200)
    starts_on: date
    ends_on: date

    __table_args__ = (
        check("period", "ends_on > starts_on"),
        UniqueConstraint("slug", info=refused_as("project_exists")),
    )


class ProjectTarget(SQLModel, table=True):
    """A project's target for one kind: how many it promises to reach."""

    __tablename__ = "project_target"

    project_id: int = Field(foreign_key="project.id", primary_key=True)
    kind: TargetKind = Field(sa_type=by_value(TargetKind), primary_key=True)
    value: int

    __table_args__ = (check("value", "value > 0"),)


class ProjectRegionTarget(SQLModel, table=True):
    """The part of a project's target that a region has; regions without one are not limited."""

    __tablename__ = "project_region_target"

    project_id: int = Field(foreign_key="project.id", primary_key=True)
    region_code: str = Field(foreign_key="region.code", primary_key=True, max_length=2)
    kind: TargetKind = Field(sa_type=by_value(TargetKind), primary_key=True)
    value: int

    __table_args__ = (check("value", "value > 0"), check("parted", "kind <> 'regions'"))
