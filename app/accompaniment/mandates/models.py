"""Tables of mandates, their advisors and their milestones (BR-15, BR-18)."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.accompaniment.mandates.enums import MilestoneKind
from app.curricula.enums import MandateKind
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned
from app.platform.database.uniqueness import refused_as


class Mandate(Row, table=True):
    """An intervention in an enterprise; it may belong to no activity and come after completion (BR-18).

    ``accompanied`` says whether its three milestones are confirmed (BR-15): the database keeps it.
    """

    __table_args__ = owned(
        ("enterprise_id", "enterprise"),
        extra=(Index("ix_mandate_accompanied", "college_id", postgresql_where=text("accompanied")),),
    )

    college_id: int = Field(index=True)
    enterprise_id: int = Field(index=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    kind: MandateKind = Field(sa_type=by_value(MandateKind))
    title: str = Field(max_length=200)
    accompanied: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    opened_on: date
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class AccompaniedEnterprise(Row, table=True):
    """Where an enterprise that a project accompanied counts, once: the college and region of its first row (BR-15).

    ``identity`` is its NEQ, else its id. Both places are null while none of its mandates is accompanied. The database
    keeps it, and ``AccompaniedCount``.
    """

    __tablename__ = "accompanied_enterprise"
    __table_args__ = (UniqueConstraint("project_id", "identity"),)

    project_id: int = Field(foreign_key="project.id")
    identity: str = Field(max_length=20)
    college_id: int | None = Field(default=None, foreign_key="college.id")
    region_code: str | None = Field(default=None, max_length=2)


class AccompaniedCount(Row, table=True):
    """How many enterprises a college accompanied; with a project, how many of the project's count there, by region."""

    __tablename__ = "accompanied_count"
    __table_args__ = (UniqueConstraint("college_id", "project_id", "region_code", postgresql_nulls_not_distinct=True),)

    college_id: int = Field(foreign_key="college.id")
    project_id: int | None = Field(default=None, foreign_key="project.id", index=True)
    region_code: str | None = Field(default=None, max_length=2)
    enterprises: int


class MandateAdvisor(Row, table=True):
    """An advisor on a mandate, with the enrolment it counts for when there is one."""

    __tablename__ = "mandate_advisor"
    __table_args__ = owned(
        ("mandate_id", "mandate"), ("enrolment_id", "enrolment"), extra=(UniqueConstraint("mandate_id", "person_id"),)
    )

    college_id: int = Field(index=True)
    mandate_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    enrolment_id: int | None = Field(default=None, index=True)


class MilestoneConfirmation(Row, table=True):
    """The confirmation of a milestone by another person than the one who recorded it: it counts from then on (BR-15).

    ``confirmed_by`` is null for the milestones that were recorded before confirmations existed.
    """

    __tablename__ = "milestone_confirmation"
    __table_args__ = owned(
        ("milestone_id", "mandate_milestone"),
        extra=(UniqueConstraint("milestone_id", info=refused_as("milestone_confirmed")),),
    )

    college_id: int = Field(index=True)
    milestone_id: int
    confirmed_at: datetime = moment()
    confirmed_by: int | None = Field(default=None, foreign_key="person.id")


class MandateMilestone(Row, table=True):
    """A milestone of a mandate on a date: agreement signed, first diagnostic or action plan delivered."""

    __tablename__ = "mandate_milestone"
    __table_args__ = owned(
        ("mandate_id", "mandate"),
        ("supersedes_id", "mandate_milestone"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index(
                "uq_mandate_milestone_first",
                "mandate_id",
                "kind",
                unique=True,
                postgresql_where=text("supersedes_id is null"),
            ),
            check("confidential_agreement", "kind <> 'agreement' or confidentiality_clause"),
        ),
    )

    college_id: int = Field(index=True)
    mandate_id: int = Field(index=True)
    kind: MilestoneKind = Field(sa_type=by_value(MilestoneKind))
    happened_on: date
    confidentiality_clause: bool = False
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
