"""All the cohorts of a college on one page, with what waits for its coordinator."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import NewSession
from app.cohorts import service as cohorts
from app.cohorts.enums import CohortState
from app.cohorts.schemas import CohortsQuery
from app.network.service import see_college
from app.overview.college_cohorts.schemas import CollegeCohort
from app.overview.college_cohorts.service import list_college_cohorts
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.cohorts import applied, page, set_state
from tests.factories.many import many_cohorts
from tests.factories.network import World, acting, as_
from tests.factories.statements import recorded_statements

API = "/api/v1"


def next_session(database: Database, world: World) -> int:
    """Add a session of Alma's cohort in three days and return its id."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        starts_at = now().replace(microsecond=0) + timedelta(days=3)
        return calendar.schedule(db, actor, cohort, NewSession(activity_code="GEN-1.B", starts_at=starts_at)).id


def test_each_number_leads_to_what_it_counts(client: TestClient, database: Database, world: World) -> None:
    session = next_session(database, world)
    applied(database, world)
    as_(client, database, world, "coordinator")
    maude = f"{API}/enrolments/{world.enrolments['maude']}/moves"
    assert client.post(maude, json={"to": "completed", "reason": "Dispense."}).json()["awaiting"] == "completed"
    html = page(client.get(f"/colleges/{world.alma}/cohortes"))
    cohort = f"/cohortes/{world.cohort}"
    for address, number in (
        (f"{cohort}/candidatures", "4 sur 8"), (f"/seances/{session}", ""), (f"{cohort}/candidatures", "1 candidature"),
        ("/propositions", "1 changement à confirmer"),
    ):  # fmt: skip
        assert re.search(rf'<a href="{re.escape(address)}">{number}', html), (address, number)
        assert client.get(address).status_code == 200
    assert f'href="/colleges/{world.alma}/cohortes"' in client.get("/cohortes").text


def test_page_leads_to_the_holds_of_the_college(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    holds = f"/colleges/{world.alma}/retenues"
    assert f'href="{holds}"' in client.get(f"/colleges/{world.alma}/cohortes").text
    assert client.get(holds).status_code == 200


def test_people_at_risk_are_those_of_the_board(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    with at(datetime.now(UTC) + timedelta(days=60)):
        as_(client, database, world, "coordinator")
        board = client.get(f"{API}/cohorts/{world.cohort}/board").json()
        [row] = client.get(f"{API}/colleges/{world.alma}/cohorts").json()["items"]
        assert row["at_risk"] == sum(person["at_risk"] for person in board) == 4
        assert f"{row['at_risk']}<span" in client.get(f"/colleges/{world.alma}/cohortes").text


def test_move_that_dates_call_for_is_a_link(client: TestClient, database: Database, world: World) -> None:
    set_state(database, world, CohortState.OPEN)
    as_(client, database, world, "coordinator")
    assert f'href="/cohortes/{world.cohort}/etat/running"' in client.get(f"/colleges/{world.alma}/cohortes").text


def test_page_holds_the_cohorts_of_its_college_alone(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    html = page(client.get(f"/colleges/{world.alma}/cohortes"))
    assert "GEN-ALM-1" in html
    assert "GEN-ROU-1" not in html
    assert client.get(f"/colleges/{world.rouyn}/cohortes").status_code == 404


@pytest.mark.parametrize("size", [1, 60])
def test_page_takes_as_many_statements_however_many_cohorts(database: Database, world: World, size: int) -> None:
    many_cohorts(database, world, size)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        college = see_college(db, actor, world.alma)
        with recorded_statements(database) as statements:
            listed = list_college_cohorts(db, actor, college, CohortsQuery())
    assert all(isinstance(row, CollegeCohort) for row in listed.items)
    assert len(statements) == 6


def test_archived_cohorts_come_only_when_asked_for(client: TestClient, database: Database, world: World) -> None:
    set_state(database, world, CohortState.ARCHIVED)
    as_(client, database, world, "coordinator")
    path = f"{API}/colleges/{world.alma}/cohorts"
    assert client.get(path).json()["items"] == []
    assert [c["id"] for c in client.get(path, params={"state": "archived"}).json()["items"]] == [world.cohort]
