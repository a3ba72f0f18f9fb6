"""The preview of another version for a running cohort, on pages and by the API: nothing is written (S8)."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.models import Enrolment
from app.platform.database.transaction import Database
from tests.factories.network import World, as_
from tests.progress.test_service import call_roll, held_session


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    return as_(client, database, world, "coordinator")


def test_preview_says_who_is_affected_what_is_gained_and_what_each_keeps(
    coordinator: TestClient, database: Database, world: World
) -> None:
    call_roll(database, world, held_session(database, world), 180)
    rows = text("select enrolment_id, version, body from progress order by enrolment_id")
    with database.transaction(colleges=[world.alma]) as db:
        before = db.execute(rows).all()
    [choice] = coordinator.get(f"/api/v1/cohorts/{world.cohort}/versions").json()
    assert (choice["version"], choice["minutes"]) == ("1.1", 62 * 60)
    shown = coordinator.get(f"/api/v1/cohorts/{world.cohort}/versions/1.1").json()
    assert (shown["from_version"], shown["gained_minutes"], shown["lost_minutes"]) == ("1.0", 120, 0)
    assert (shown["without_equivalent"], shown["consents"]) == ([], len(shown["people"]))
    by_id = {person["enrolment_id"]: person for person in shown["people"]}
    maude = by_id[world.enrolments["maude"]]
    assert (maude["kept_minutes"], maude["lost_minutes"], maude["added_minutes"]) == (180, 0, 120)
    with database.transaction(colleges=[world.alma]) as db:
        assert db.execute(rows).all() == before
        assert db.get_one(Enrolment, world.enrolments["maude"]).curriculum_version == "1.0"
    page = coordinator.get(f"/cohortes/{world.cohort}/versions/1.1")
    assert page.status_code == 200
    assert maude["name"] in page.text
    assert f"/cohortes/{world.cohort}/versions/1.1" in coordinator.get(f"/cohortes/{world.cohort}/versions").text


@pytest.mark.parametrize("version", ["1.0", "9.9"])
def test_version_that_no_mapping_leads_to_is_not_found(coordinator: TestClient, world: World, version: str) -> None:
    assert coordinator.get(f"/api/v1/cohorts/{world.cohort}/versions/{version}").status_code == 404


def test_new_cohort_is_offered_the_newest_version_first(coordinator: TestClient, world: World) -> None:
    form = coordinator.get("/cohortes/nouvelle").text
    assert 0 < form.find("generaliste 1.1") < form.find("generaliste 1.0")
