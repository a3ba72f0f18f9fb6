"""The first and last dates that Python can hold are refused, over JSON and in forms; so are other odd values."""

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.cohorts import meeting
from tests.factories.network import World, as_

FIRST, LAST = "0001-01-01", "9999-12-31"
EAST, WEST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"


def cohort_of(world: World, **change: object) -> dict[str, object]:
    """Return the command that opens a cohort, with changes."""
    command = {
        "project_id": world.project, "region_code": "02", "code": "GEN-ALM-9", "title": "Généraliste",
        "curriculum_slug": "generaliste", "curriculum_version": "1.0",
        "starts_on": str(date.today() + timedelta(days=30)), "place": "Alma",  # noqa: DTZ011 - any day will do
    }  # fmt: skip
    return command | change


@pytest.mark.parametrize(
    "change", [{"starts_on": LAST}, {"starts_on": FIRST}, {"starts_on": FIRST, "ends_on": LAST}, {"ends_on": LAST}]
)
def test_new_cohort_with_an_extreme_date_is_refused(
    client: TestClient, database: Database, world: World, change: dict[str, object]
) -> None:
    as_(client, database, world, "coordinator")
    answer = client.post(f"/api/v1/colleges/{world.alma}/cohorts", json=cohort_of(world, **change))
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("moment", [EAST, WEST, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_new_session_at_an_extreme_moment_is_refused(
    client: TestClient, database: Database, world: World, moment: str
) -> None:
    as_(client, database, world, "coordinator")
    session = {"activity_code": "GEN-1.B", "starts_at": moment}
    assert client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=session).status_code == 422


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_session_form_with_an_extreme_date_is_refused(
    client: TestClient, database: Database, world: World, day: str
) -> None:
    as_(client, database, world, "coordinator")
    form = {"activity_code": "GEN-1.B", "day": day, "clock": "23:59"}
    assert client.post(f"/cohortes/{world.cohort}/seances", data=form).status_code == 422


@pytest.mark.parametrize("moment", [EAST, WEST, "0001-01-01T00:00", "9999-12-31T23:59"])
def test_hand_in_completed_at_an_extreme_moment_is_refused(
    client: TestClient, database: Database, world: World, moment: str
) -> None:
    as_(client, database, world, "maude")
    form = {"body": "Voici mon travail.", "completed_at": moment}
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/textes"
    assert client.post(path, data=form).status_code == 422
    sent = {**form, "activity_code": "GEN-1.C"}
    assert client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/hand-ins", json=sent).status_code == 422


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_joining_or_catching_up_on_an_extreme_date_is_refused(
    client: TestClient, database: Database, world: World, day: str
) -> None:
    meeting(database, world)
    as_(client, database, world, "coordinator")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}"
    assert client.post(f"{path}/moves", json={"to": "active", "joined_on": day}).status_code == 422
    assert client.post(f"{path}/catch-ups", json={"activity_code": "GEN-1.B", "due_on": day}).status_code == 422


def test_json_key_with_a_lone_surrogate_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/completions"
    answer = client.post(path, content=rb'{"activity_code": "GEN-1.A", "\ud800": 1}')
    assert answer.status_code == 422


def test_form_with_more_lines_than_allowed_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    session_id = meeting(database, world)
    lines = {"enrolment_id": ["1"] * 301, "status": ["absent"] * 301, "minutes": [""] * 301}
    assert client.post(f"/seances/{session_id}/appel", data=lines).status_code == 422
    group = {"cohort_id": world.cohort, "name": "A", "facilitator_id": 1, "enrolment_ids": ["1"] * 51}
    assert client.post("/codev/groupes", data=group).status_code == 422
