"""The JSON routes for regions, colleges and projects."""

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.network import World, as_

COLLEGE = {
    "slug": "amos", "name": "Cégep d’Amos", "city": "Amos", "region_code": "08", "number_prefix": "AMO",
    "timezone": "America/Toronto",
}  # fmt: skip
PROJECT = {
    "slug": "suite", "name": "La suite", "funder": "Bailleur d’essai", "starts_on": "2027-01-01",
    "ends_on": "2028-01-01", "targets": [{"kind": "advisors", "value": 40}],
}  # fmt: skip


@pytest.fixture
def admin(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client signed in as an administrator."""
    return as_(client, database, world, "admin")


def test_network_is_readable_by_anyone_signed_in(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "nobody")
    regions = client.get("/api/v1/regions").json()
    assert (len(regions), regions[1]) == (
        17,
        {
            "code": "02",
            "name": "Saguenay–Lac-Saint-Jean",
            "name_en": "Saguenay–Lac-Saint-Jean",
        },
    )
    assert [c["slug"] for c in client.get("/api/v1/colleges").json()] == ["rouyn", "alma"]
    assert client.get("/api/v1/projects").json() == [
        {
            "id": world.project,
            "slug": "brigade",
            "name": "Brigade de conseillers numériques",
            "funder": "Bailleur d’essai",
            "starts_on": "2025-01-01",
            "ends_on": "2028-12-31",
            "targets": {"advisors": 135, "enterprises": 460},
        }
    ]


@pytest.mark.parametrize("path", ["regions", "colleges", "projects"])
def test_network_without_a_sign_in_is_refused(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 401


def test_college_opened_by_an_administrator_is_listed(admin: TestClient) -> None:
    answer = admin.post("/api/v1/colleges", json=COLLEGE)
    assert answer.status_code == 201
    assert answer.json() in admin.get("/api/v1/colleges").json()
    assert answer.json()["authorised_kinds"] == [
        "attestation_participation", "attestation_reussite", "certification_collegiale",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"slug": "alma"}, 409, "college_exists", None),
        ({"number_prefix": "ALM"}, 409, "college_exists", None),
        ({"timezone": "Amerique/Montreal"}, 422, "unknown_timezone", "timezone"),
        ({"region_code": "18"}, 422, "value_error", "region_code"),
        ({"authorised_kinds": ["diplome"]}, 422, "enum", "authorised_kinds.0"),
        ({"couleur": "bleu"}, 422, "extra_forbidden", "couleur"),
    ],
)
def test_college_invalid_is_refused_with_a_reason(
    admin: TestClient, change: dict[str, object], status: int, code: str, field: str
) -> None:
    answer = admin.post("/api/v1/colleges", json={**COLLEGE, **change})
    errors = answer.json().get("errors", [{"code": answer.json()["code"], "field": None}])
    assert (answer.status_code, [(e["code"], e["field"]) for e in errors]) == (status, [(code, field)])
    assert len(admin.get("/api/v1/colleges").json()) == 2


def test_project_opened_by_an_administrator_is_listed_first(admin: TestClient) -> None:
    answer = admin.post("/api/v1/projects", json=PROJECT)
    assert (answer.status_code, answer.json()["targets"]) == (201, {"advisors": 40})
    # The newest is first.
    assert [p["slug"] for p in admin.get("/api/v1/projects").json()] == ["suite", "brigade"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [({"slug": "brigade"}, 409, "project_exists"), ({"ends_on": "2027-01-01"}, 422, "ends_before_start")],
)
def test_project_invalid_is_refused_with_a_reason(
    admin: TestClient, change: dict[str, object], status: int, code: str
) -> None:
    answer = admin.post("/api/v1/projects", json={**PROJECT, **change})
    problem = answer.json()
    assert (answer.status_code, problem.get("errors", [problem])[0]["code"]) == (status, code)


@pytest.mark.parametrize("path", ["colleges", "projects"])
@pytest.mark.parametrize("who", ["coordinator", "registrar", "observer", "maude"])
def test_college_and_project_by_others_are_forbidden(
    client: TestClient, database: Database, world: World, who: str, path: str
) -> None:
    as_(client, database, world, who)
    assert client.post(f"/api/v1/{path}", json={}).status_code == 403
