"""A third attempt, opened by a coordinator with a reason once two are used."""

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.grading import hand_in
from tests.factories.network import World, as_
from tests.factories.notifications import inbox


def test_third_attempt_is_opened_by_the_coordinator_and_its_author_told(
    client: TestClient, database: Database, world: World
) -> None:
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C"
    hand_in(database, world)
    as_(client, database, world, "coordinator")
    assert "/tentatives" not in client.get(path).text
    refused = client.post(f"{path}/tentatives", data={"reason": "Malade."})
    assert refused.status_code == 422
    assert "Il reste 1 remise" in refused.text.replace("\N{NO-BREAK SPACE}", " ")
    hand_in(database, world, attempt=2)
    as_(client, database, world, "maude")
    assert client.post(f"{path}/textes", data={"body": "Une troisième."}).status_code == 422
    as_(client, database, world, "coordinator")
    assert f'action="{path}/tentatives' in client.get(path).text
    opened = client.post(f"{path}/tentatives", data={"reason": "Malade deux semaines."})
    assert opened.headers["location"] == f"{path}#remises"
    again = client.post(f"{path}/tentatives", data={"reason": "Encore."})
    assert again.status_code == 422
    assert inbox(database, world, "maude")[0].startswith("Une remise de plus : ")
    as_(client, database, world, "maude")
    page = client.get(path).text
    assert "Malade deux semaines." in page
    assert client.post(f"{path}/textes", data={"body": "Une troisième."}).status_code == 303
    assert client.post(f"{path}/textes", data={"body": "Une quatrième."}).status_code == 422


def test_attempt_is_opened_by_the_api_for_an_assessment_alone(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/extra-attempts"
    refused = client.post(path, json={"activity_code": "GEN-1.A", "reason": "x"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "not_an_assessment"
    for attempt in (1, 2):
        hand_in(database, world, attempt=attempt)
    made = client.post(path, json={"activity_code": "GEN-1.C", "reason": "Malade."})
    assert made.status_code == 201
    assert made.json() | {"id": 0, "opened_at": ""} == {
        "id": 0, "enrolment_id": world.enrolments["maude"], "activity_code": "GEN-1.C", "reason": "Malade.",
        "opened_at": "", "opened_by": "Corinne Coordination",
    }  # fmt: skip
