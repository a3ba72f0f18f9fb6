"""JSON endpoints of progress: the stored value and its ETag, one's own list, what is out of reach."""

import json

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.progress.api import matches
from tests.factories.network import World, as_

API = "/api/v1"


def path(world: World, who: str = "maude") -> str:
    return f"{API}/enrolments/{world.enrolments[who]}/progress"


def test_the_hot_read_gives_the_value_and_answers_not_modified(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    first = client.get(path(world))
    assert first.status_code == 200
    assert first.json()["planned_minutes"] == 3600
    assert [m["code"] for m in first.json()["modules"]] == [f"GEN-{n}" for n in range(1, 9)]
    etag = first.headers["etag"]
    assert etag.strip('"').split("-", 1)[1] == f"{today().isoformat()}-fr"
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(path(world), headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_a_new_fact_makes_a_new_etag(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    etag = client.get(path(world)).headers["etag"]
    done = client.post(f"{API}/enrolments/{world.enrolments['maude']}/completions", json={"activity_code": "GEN-1.A"})
    assert done.status_code == 201
    after = client.get(path(world), headers={"If-None-Match": etag})
    assert after.status_code == 200
    assert after.json()["recognised_minutes"] == 120
    assert after.headers["etag"] != etag


@pytest.mark.parametrize(
    ("header", "same"),
    [(None, False), ("", False), ('"1"', True), ('W/"1"', True), ('"2", "1"', True), ("*", True), ('"12"', False)],
)
def test_tags_are_compared_weakly(header: str | None, *, same: bool) -> None:
    assert matches(header, '"1"') is same


@pytest.mark.parametrize("who", ["trainer", "coordinator", "registrar"])
def test_those_who_follow_the_person_read_the_same_bytes(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    own = as_(client, database, world, "maude").get(path(world)).content
    assert as_(client, database, world, who).get(path(world)).content == own


@pytest.mark.parametrize("who", ["karim", "other_participant", "other_trainer", "other_coordinator", "other_registrar"])
def test_another_persons_path_and_a_missing_one_answer_the_same(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    as_(client, database, world, who)
    hidden, missing = client.get(path(world)), client.get(f"{API}/enrolments/999999/progress")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.content == missing.content


@pytest.mark.parametrize(("who", "status"), [("nobody", 403), ("observer", 403), ("admin", 403)])
def test_progress_without_a_role_that_reads_it_is_forbidden(
    client: TestClient, database: Database, world: World, who: str, status: int
) -> None:
    assert as_(client, database, world, who).get(path(world)).status_code == status


def test_progress_without_signing_in_is_unauthenticated(client: TestClient, world: World) -> None:
    assert client.get(path(world)).status_code == 401
    assert client.get(f"{API}/me/progress").status_code == 401


def test_progress_of_an_id_that_is_no_number_names_the_field(
    client: TestClient, database: Database, world: World
) -> None:
    answer = as_(client, database, world, "maude").get(f"{API}/enrolments/moi/progress")
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("enrolment_id", "int_parsing")]


def test_my_progress_lists_ones_own_enrolments(client: TestClient, database: Database, world: World) -> None:
    paths = as_(client, database, world, "maude").get(f"{API}/me/progress").json()
    assert [p["enrolment_id"] for p in paths] == [world.enrolments["maude"]]
    assert (paths[0]["planned_minutes"], paths[0]["state"], paths[0]["attendance_pct"]) == (3600, "active", None)
    assert as_(client, database, world, "nobody").get(f"{API}/me/progress").json() == []


def test_openapi_describes_the_progress_value(client: TestClient) -> None:
    document = json.loads(client.get("/api/openapi.json").content)
    answers = document["paths"]["/api/v1/enrolments/{enrolment_id}/progress"]["get"]["responses"]
    assert answers["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Progress"}
    assert "304" in answers
