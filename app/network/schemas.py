"""Commands and read models of regions, colleges and projects."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.network.colleges.rules import (
    ENTRY_NOTICE_DAYS,
    GRACE_HOURS,
    LATE_JOIN_PCT,
    MOST_GRACE_HOURS,
    MOST_NOTICE_DAYS,
    MOST_REVIEW_DAYS,
    REVIEW_DAYS,
)
from app.network.enums import CertificateKind, TargetKind
from app.platform.schema import Code, Command, Line, Read

Slug = Annotated[Code, StringConstraints(pattern=r"^[a-z]+(-[a-z0-9]+)*$", max_length=60)]
CollegeName = Annotated[Line, StringConstraints(max_length=120)]
CityName = Annotated[Line, StringConstraints(max_length=80)]
RegionCode = Annotated[Code, StringConstraints(pattern=r"^(0[1-9]|1[0-7])$")]
LateJoinPercent = Annotated[int, Field(ge=0, le=100)]
GraceHours = Annotated[int, Field(ge=0, le=MOST_GRACE_HOURS)]
ReviewDays = Annotated[int, Field(ge=1, le=MOST_REVIEW_DAYS)]
NoticeDays = Annotated[int, Field(ge=0, le=MOST_NOTICE_DAYS)]
ZoneName = Annotated[str, StringConstraints(max_length=40)]


class RegionShown(Read):
    """An administrative region; ``name_en`` is its name in English texts."""

    code: str
    name: str
    name_en: str


class RegionWithColleges(RegionShown):
    """An administrative region with the number of its colleges that are open."""

    colleges: int


class CollegeShown(Read):
    """A college, as anyone signed in may see it."""

    id: int
    slug: str
    name: str
    city: str
    region_code: str
    timezone: str
    is_sofeduc_member: bool
    authorised_kinds: tuple[CertificateKind, ...]
    late_join_pct: int
    grace_hours: int
    entry_notice_days: int
    review_days: int
    closed_at: datetime | None


class NewCollege(Command):
    """A college to add."""

    slug: Slug
    name: CollegeName
    city: CityName
    region_code: RegionCode
    number_prefix: Annotated[Code, StringConstraints(pattern=r"^[A-Z]{3,6}$")]
    timezone: ZoneName = "America/Toronto"
    is_sofeduc_member: bool = False
    authorised_kinds: tuple[CertificateKind, ...] = tuple(CertificateKind)
    late_join_pct: LateJoinPercent = LATE_JOIN_PCT
    grace_hours: GraceHours = GRACE_HOURS
    entry_notice_days: NoticeDays = ENTRY_NOTICE_DAYS
    review_days: ReviewDays = REVIEW_DAYS


class NewTarget(Command):
    """How many of one kind a project promises to reach."""

    kind: TargetKind
    value: Annotated[int, Field(gt=0, le=1_000_000)]


class NewProject(Command):
    """A funded project to add."""

    slug: Slug
    name: Line
    funder: Line
    starts_on: date
    ends_on: date
    targets: tuple[NewTarget, ...] = ()


class ProjectShown(Read):
    """A project with its targets."""

    id: int
    slug: str
    name: str
    funder: str
    starts_on: date
    ends_on: date
    targets: dict[str, int]
