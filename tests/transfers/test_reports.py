"""What reports and the funder's figures say of someone who was transferred (S3)."""

from fastapi.testclient import TestClient

from app.network import service as network
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from app.reports.figures import FIGURES
from app.reports.indicators import service as indicators
from app.reports.schemas import ProgressReport, ReportQuery
from app.reports.service import college_report, list_college_report
from tests.factories import eligible
from tests.factories.cohorts import page
from tests.factories.network import World, acting, as_
from tests.factories.transfers import progress, transfer


def report(database: Database, world: World, who: str, college_id: int) -> ProgressReport:
    with database.transaction() as db:
        actor = acting(db, world, who, P.REPORT_COLLEGE)
        college = network.college(db, college_id)
        kept, _ = list_college_report(db, actor, college, ReportQuery())
        whole = college_report(db, actor, college)
        assert kept.totals == whole.totals, "kept sums are the sums of the rows"
        return whole


def test_hours_count_where_they_were_followed_and_the_person_once(
    client: TestClient, database: Database, world: World
) -> None:
    """S3: both colleges see the person with their state; the sum over colleges is the project's."""
    eligible.attend(database, world, "maude")
    minutes = progress(database, world, world.enrolments["maude"]).recognised_minutes
    new = transfer(database, world)
    alma = report(database, world, "coordinator", world.alma)
    rouyn = report(database, world, "other_coordinator", world.rouyn)
    left = next(row for row in alma.rows if row.enrolment_id == world.enrolments["maude"])
    arrived = next(row for row in rouyn.rows if row.enrolment_id == new)
    assert (left.state.value, left.recognised_minutes, left.carried_minutes) == ("transferred", minutes, 0)
    assert (arrived.state.value, arrived.recognised_minutes, arrived.carried_minutes) == ("active", 0, minutes)
    assert arrived.attendance_pct == left.attendance_pct
    assert (arrived.attended_minutes, arrived.attendance_base_minutes) == (0, 0)
    with database.transaction() as db:
        actor = acting(db, world, "observer", P.INDICATOR_READ)
        figures = indicators.indicators(db, network.see_project(db, actor, world.project)).total
    assert (figures.enrolled, figures.recognised_minutes) == (5, minutes)
    with database.as_owner() as db:
        assert [list(figure.differences(db)) for figure in FIGURES] == [[]] * len(FIGURES)
    shown = page(as_(client, database, world, "other_coordinator").get(f"/rapports/colleges/{world.rouyn}"))
    assert "transportées, comptées là où elles ont été suivies" in shown
