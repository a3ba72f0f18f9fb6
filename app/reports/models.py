"""Tables of what reports and indicators sum up; the database keeps both (docs/decisions/0028)."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field

from app.platform.database.rows import Row


def _sum() -> int:
    total: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    return total


class ReportSum(Row, table=True):
    """Summands of a cohort or, where ``cohort_id`` is null, of a project's cohorts in a college and region.

    A sum is that of all its rows: each change adds some, and a job adds them up now and then. ``people`` are counted in
    one cohort of the project each.
    """

    __tablename__ = "report_sum"
    __table_args__ = tuple(
        Index(f"ix_report_sum_{column}", column, postgresql_where=text("cohort_id is null"))
        for column in ("project_id", "college_id")
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger)
    project_id: int
    college_id: int
    region_code: str = Field(max_length=2)
    cohort_id: int | None = Field(default=None, index=True)
    enrolments: int = _sum()
    planned_minutes: int = _sum()
    recognised_minutes: int = _sum()
    attended_minutes: int = _sum()
    attendance_base_minutes: int = _sum()
    modules_done: int = _sum()
    modules_total: int = _sum()
    certificates: int = _sum()
    people: int = _sum()
    people_active: int = _sum()
    people_completed: int = _sum()


class ProjectPerson(Row, table=True):
    """The cohort where a person counts in a project: of their first enrolment followed, active, completed (BR-15)."""

    __tablename__ = "project_person"
    __table_args__ = (UniqueConstraint("project_id", "person_id"),)

    project_id: int
    person_id: int
    enrolled_in: int | None = None
    active_in: int | None = None
    completed_in: int | None = None
