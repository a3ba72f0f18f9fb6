"""JSON endpoints of the paths and the framework."""

import pytest
from fastapi.testclient import TestClient

from app.curricula.library import default_library
from app.platform.database.transaction import Database
from tests.factories.network import World, as_


@pytest.fixture
def reader(client: TestClient, database: Database, world: World) -> TestClient:
    """Someone signed in, with no role at all."""
    return as_(client, database, world, "nobody")


def test_the_versions_of_the_paths(reader: TestClient) -> None:
    rows = reader.get("/api/v1/curricula").json()
    library = default_library()
    assert [(r["slug"], r["version"]) for r in rows] == [(s, v) for s in library.slugs for v in library.versions(s)]
    versions = {r["slug"]: (r["hours"], r["published"]) for r in rows if r["version"] == "1.0"}
    assert versions == {"generaliste": (60, True), "specialise": (210, True)}


def test_a_version_is_the_file_as_it_is(reader: TestClient) -> None:
    curriculum = reader.get("/api/v1/curricula/generaliste/1.0").json()
    assert curriculum == default_library().curriculum("generaliste", "1.0").model_dump(mode="json")
    assert sum(a["hours"] for m in curriculum["modules"] for a in m["activities"]) == 60


def test_an_activity_comes_with_its_page_and_criteria(reader: TestClient) -> None:
    activity = reader.get("/api/v1/curricula/generaliste/1.0/activities/GEN-1.A").json()
    page = default_library().page("generaliste", "1.0", "GEN-1.A")
    assert (activity["module"], activity["activity"]["code"]) == ("GEN-1", "GEN-1.A")
    assert activity["steps"] == page.steps
    assert activity["steps"].startswith("<ol>")
    assert [c["code"] for c in activity["criteria"]] == list(page.criteria_codes)
    assert all(c["fr"] for c in activity["criteria"])


def test_every_activity_can_be_read(reader: TestClient) -> None:
    library = default_library()
    for slug in library.slugs:
        for version in library.versions(slug):
            for activity in library.curriculum(slug, version).activities:
                answer = reader.get(f"/api/v1/curricula/{slug}/{version}/activities/{activity.code}")
                assert (answer.status_code, answer.json()["activity"]["code"]) == (200, activity.code)


def test_the_framework(reader: TestClient) -> None:
    framework = reader.get("/api/v1/frameworks/1.0").json()
    assert [c["code"] for c in framework["competencies"]] == [f"CN-{n:02}" for n in range(1, 13)]
    assert all(len(c["levels"]) == 4 for c in framework["competencies"])


@pytest.mark.parametrize(
    "path",
    [
        "curricula/inconnu/1.0",
        "curricula/generaliste/9.9",
        "curricula/generaliste/1.0/activities/GEN-99.A",
        "curricula/inconnu/1.0/activities/GEN-1.A",
        "curricula/generaliste/..%2F1.0/activities/GEN-1.A",
        "frameworks/9.9",
    ],
)
def test_what_does_not_exist_is_not_found(reader: TestClient, path: str) -> None:
    answer = reader.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["curricula", "curricula/generaliste/1.0", "frameworks/1.0"])
def test_curricula_without_signing_in_are_unauthenticated(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 401
