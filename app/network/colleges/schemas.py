"""Commands, forms and read models of colleges as the administrator keeps them."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.network.colleges.enums import CollegeSort, Openness
from app.network.enums import CertificateKind
from app.network.schemas import (
    CityName,
    CollegeName,
    CollegeShown,
    GraceHours,
    LateJoinPercent,
    NewCollege,
    NoticeDays,
    RegionCode,
    ReviewDays,
    ZoneName,
)
from app.platform.paging import ListQuery
from app.platform.schema import Command, Line


class CollegesQuery(ListQuery):
    """The colleges to show in a list, by name."""

    SORTS: ClassVar = CollegeSort
    tri: str = "nom"
    region: Annotated[str, StringConstraints(max_length=2)] | None = None
    etat: Openness | None = None


class CollegeDetails(CollegeShown):
    """A college with what only its administrator sees: the prefix of its certificates, why it is closed."""

    number_prefix: str
    closed_reason: str | None


class CollegeChange(Command):
    """What a college becomes; its slug and the prefix of its certificates stay, since documents carry them.

    The late-join limit and the grace period stay too when they are left out; cohorts that exist keep theirs. So does
    the notice of an entrance to a codevelopment group, and the days in which a review is asked for.
    """

    name: CollegeName
    city: CityName
    region_code: RegionCode
    timezone: ZoneName
    is_sofeduc_member: bool = False
    authorised_kinds: tuple[CertificateKind, ...] = ()
    late_join_pct: LateJoinPercent | None = None
    grace_hours: GraceHours | None = None
    entry_notice_days: NoticeDays | None = None
    review_days: ReviewDays | None = None


class NewCollegeForm(NewCollege):
    """A college as the page's form sends it: a box that is not ticked is not sent."""

    authorised_kinds: tuple[CertificateKind, ...] = ()


class CloseCollege(Command):
    """Why a college closes."""

    reason: Annotated[Line, StringConstraints(max_length=500)]
