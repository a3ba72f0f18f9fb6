"""Enterprises and the mandates in which advisors accompany them (BR-15, BR-18)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.curricula.schema import MandateKind
from app.db import by_value, check, moment, owned


class EnterpriseSize(StrEnum):
    """Number of persons employed, in the usual bands."""

    MICRO = "1-4"
    SMALL = "5-49"
    MEDIUM = "50-249"
    LARGE = "250+"


class Enterprise(SQLModel, table=True):
    """An enterprise as one college knows it; the NEQ tells two colleges that it is the same."""

    __table_args__ = owned(
        extra=(
            UniqueConstraint("college_id", "neq"),
            check("neq", "neq ~ '^[0-9]{10}$'"),
        )
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    neq: str | None = Field(default=None, max_length=10)
    name: str = Field(max_length=200)
    search_key: str = Field(max_length=420, index=True)
    sector: str = Field(max_length=60)
    size: EnterpriseSize = Field(sa_type=by_value(EnterpriseSize))
    region_code: str = Field(foreign_key="region.code", index=True)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class Mandate(SQLModel, table=True):
    """An intervention in an enterprise; it may belong to no activity and come after completion (BR-18)."""

    __table_args__ = owned(("enterprise_id", "enterprise"))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    enterprise_id: int = Field(index=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    kind: MandateKind = Field(sa_type=by_value(MandateKind))
    title: str = Field(max_length=200)
    opened_on: date
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class MandateAdvisor(SQLModel, table=True):
    """An advisor on a mandate, with the enrolment it counts for when there is one."""

    __tablename__ = "mandate_advisor"
    __table_args__ = owned(
        ("mandate_id", "mandate"), ("enrolment_id", "enrolment"), extra=(UniqueConstraint("mandate_id", "person_id"),)
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    mandate_id: int = Field(index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    enrolment_id: int | None = Field(default=None, index=True)


class MilestoneKind(StrEnum):
    """The three dated facts of a mandate."""

    AGREEMENT = "agreement"
    DIAGNOSTIC = "diagnostic"
    PLAN = "plan"


class MandateMilestone(SQLModel, table=True):
    """Agreement signed, first diagnostic delivered or action plan delivered, on a date."""

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

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(index=True)
    mandate_id: int = Field(index=True)
    kind: MilestoneKind = Field(sa_type=by_value(MilestoneKind))
    happened_on: date
    confidentiality_clause: bool = False
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None
