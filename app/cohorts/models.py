"""Tables of cohorts, enrolments, applications and changes of state; changes of state are append-only."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    cast,
    func,
    literal,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, col

from app.cohorts.enums import CohortState, EnrolmentState, Phase
from app.cohorts.rules import MOST_SEATS
from app.cohorts.waitlist.rules import MOST_OFFER_HOURS, OFFER_HOURS
from app.network.colleges.rules import GRACE_HOURS, LATE_JOIN_PCT, MOST_GRACE_HOURS
from app.platform.clock import now
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as
from app.platform.search import search_key

SEARCH_KEY = 600


def _cohort_key(context: DefaultExecutionContext) -> str:
    """Return the search key of the cohort being inserted."""
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return cohort_search_key(row["title"], row["code"], row["place"])


def cohort_search_key(title: str, code: str, place: str) -> str:
    """Return what a cohort is found by, and sorted by: its title first."""
    return search_key(f"{title} {code} {place}")[:SEARCH_KEY]


class Cohort(Row, table=True):
    """A group that follows one published version of a path, in one college (BR-01).

    ``search_key`` is its title, code and place without accents or case, for search and sorting. ``seated`` is how
    many of its enrolments take a seat: the database keeps it. ``applications_open`` is the coordinator's choice, which
    counts while the cohort is open or running, or decides what opening a draft does.
    """

    __table_args__ = owned(
        extra=(
            ForeignKeyConstraint(
                ["curriculum_slug", "curriculum_version"],
                ["published_curriculum.slug", "published_curriculum.version"],
            ),
            UniqueConstraint("college_id", "code", info=refused_as("cohort_code_taken", "code")),
            check("period", "ends_on > starts_on"),
            check("capacity", f"capacity between 1 and {MOST_SEATS}"),
            check("late_join_pct", "late_join_pct between 0 and 100"),
            check("grace_hours", f"grace_hours between 0 and {MOST_GRACE_HOURS}"),
            check("applications", "not applications_open or state in ('draft', 'open', 'running')"),
            check("offer_hours", f"offer_hours between 1 and {MOST_OFFER_HOURS}"),
        )
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    region_code: str = Field(foreign_key="region.code", index=True)
    phase: Phase = Field(sa_type=by_value(Phase))
    code: str = Field(max_length=40)
    title: str = Field(max_length=200)
    curriculum_slug: str = Field(max_length=60)
    curriculum_version: str = Field(max_length=20)
    starts_on: date
    ends_on: date
    capacity: int
    seated: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    place: str = Field(max_length=200)
    timezone: str = Field(default="America/Toronto", max_length=40)
    late_join_pct: int = LATE_JOIN_PCT
    grace_hours: int = GRACE_HOURS
    state: CohortState = Field(default=CohortState.DRAFT, sa_type=by_value(CohortState), index=True)
    offer_hours: int = Field(default=OFFER_HOURS, sa_column_kwargs={"server_default": str(OFFER_HOURS)})
    applications_open: bool = True
    search_key: str = Field(
        default=None,
        sa_column=Column(String(SEARCH_KEY), default=_cohort_key, server_default="", nullable=False, index=True),
    )
    created_at: datetime = moment()
    created_by: int | None = Field(default=None, foreign_key="person.id")


class CohortMove(Row, table=True):
    """A change of a cohort's state: by whom, when, why, and of how many enrolments it changed the state."""

    __tablename__ = "cohort_move"
    __table_args__ = owned(("cohort_id", "cohort"))

    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    from_state: CohortState = Field(sa_type=by_value(CohortState, "from_state"))
    to_state: CohortState = Field(sa_type=by_value(CohortState, "to_state"))
    moved_at: datetime = moment()
    moved_by: int = Field(foreign_key="person.id")
    reason: str | None = Field(default=None, max_length=500)
    people: int = 0


def local_today() -> ColumnElement[date]:
    """Return today's date in the time zone of each cohort of a statement (BR-30)."""
    return cast(func.timezone(col(Cohort.timezone), literal(now(), DateTime(timezone=True))), Date)


class Enrolment(Row, table=True):
    """One person in one cohort, from application to end; every change of ``state`` adds an ``EnrolmentMove``."""

    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(
            UniqueConstraint("cohort_id", "person_id", info=refused_as("already_applied")),
            Index(
                "uq_enrolment_one_active_per_path",
                "person_id",
                "curriculum_slug",
                unique=True,
                postgresql_where=text("state in ('admitted', 'active', 'on_leave')"),
                info=refused_as("already_enrolled"),
            ),
            Index(
                "ix_enrolment_college_id_employer",
                "college_id",
                "employer",
                postgresql_where=text("employer is not null"),
            ),
        ),
    )

    college_id: int = Field(foreign_key="college.id", index=True)
    cohort_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    curriculum_slug: str = Field(max_length=60)
    curriculum_version: str = Field(max_length=20)
    state: EnrolmentState = Field(sa_type=by_value(EnrolmentState), index=True)
    joined_on: date | None = None
    employer: str | None = Field(default=None, max_length=200)


class Application(Row, table=True):
    """What a person declared when they applied; who applies again adds one, and the last one counts."""

    __table_args__ = owned(("enrolment_id", "enrolment"))

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    motive: str = Field(max_length=4000)
    employer: str | None = Field(default=None, max_length=200)
    employer_agrees: bool = False
    received_at: datetime = moment()


class EnrolmentMove(Row, table=True):
    """A change of an enrolment's state: by whom, when and why (BR-04).

    ``moved_by`` is ``None`` where no person acted: a free seat offered to who waited, an offer that expired.
    ``exceptions`` are the codes of what the reason makes an exception to.
    """

    __tablename__ = "enrolment_move"
    __table_args__ = owned(("enrolment_id", "enrolment"))

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    from_state: EnrolmentState | None = Field(
        default=None, sa_type=by_value(EnrolmentState, "from_state"), nullable=True
    )
    to_state: EnrolmentState = Field(sa_type=by_value(EnrolmentState))
    moved_at: datetime = moment()
    moved_by: int | None = Field(default=None, foreign_key="person.id")
    reason: str | None = Field(default=None, max_length=1000)
    exceptions: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(60)), nullable=False, server_default="{}")
    )


class EnrolmentProposal(Row, table=True):
    """A change of state that takes two people, from its proposal to the decision of the second one."""

    __tablename__ = "enrolment_proposal"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            Index(
                "uq_enrolment_proposal_one_open",
                "enrolment_id",
                unique=True,
                postgresql_where=text("decided_at is null"),
                info=refused_as("already_proposed"),
            ),
            check(
                "decided", "(decided_at is null) = (decided_by is null) and (decided_at is null) = (accepted is null)"
            ),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    to_state: EnrolmentState = Field(sa_type=by_value(EnrolmentState))
    reason: str = Field(max_length=1000)
    proposed_at: datetime = moment()
    proposed_by: int = Field(foreign_key="person.id")
    decided_at: datetime | None = moment_or_none()
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    accepted: bool | None = None
