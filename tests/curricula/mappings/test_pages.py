"""Mappings, as the API and the public pages show them (S8)."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.curricula.library import default_library
from app.curricula.mappings import service
from app.platform.database.transaction import Database
from tests.factories.network import World, as_

PAGE = "/parcours-publies/{}/{}/vers/{}/{}"
API = "/api/v1/curricula/{}/{}/mappings"


@pytest.fixture
def reader(client: TestClient, database: Database, world: World) -> TestClient:
    """Someone signed in, with no role at all."""
    return as_(client, database, world, "nobody")


def test_mapping_says_what_each_item_of_a_version_becomes(reader: TestClient) -> None:
    shown = reader.get(f"{API.format('specialise', '1.0')}/specialise/1.1").json()
    fates = {m["code"]: m["fate"] for m in shown["modules"]}
    assert fates == dict.fromkeys(fates, "carried")
    activities = {a["code"]: a["to"] for m in shown["modules"] for a in m["activities"]}
    assert [(c["code"], c["minutes"], c["complete"]) for c in activities["SPE-5.A"]] == [
        ("SPE-5.E", 180, True), ("SPE-12.A", 120, True),
    ]  # fmt: skip
    assert (shown["source"]["minutes"], shown["target"]["minutes"], shown["added"]) == (12600, 12600, [])


def test_mapping_to_the_other_path_carries_levels_and_no_hour(reader: TestClient) -> None:
    shown = reader.get(f"{API.format('generaliste', '1.0')}/specialise/1.1").json()  # composed
    assert {m["fate"] for m in shown["modules"]} == {"to_do"}
    assert sum(a["missing_minutes"] for a in shown["added"]) == 210 * 60
    levels = {c["code"]: (c["fate"], c["level"]) for c in shown["competencies"]}
    assert (levels["CN-01"], levels["CN-02"]) == (("carried", 3), ("partly", 3))
    assert shown["summary"] is None


def test_mappings_of_a_version_are_those_that_lead_from_it_and_to_it(reader: TestClient) -> None:
    rows = reader.get(API.format("generaliste", "1.1")).json()
    ends = [(r["source"]["version"], r["target"]["slug"], r["target"]["version"]) for r in rows]
    assert ends == [("1.1", "specialise", "1.1"), ("1.0", "generaliste", "1.1")]
    assert reader.get(API.format("generaliste", "9.9")).status_code == 404


def test_page_of_a_mapping_says_what_is_left_to_do(client: TestClient) -> None:
    address = PAGE.format("generaliste", "1.0", "generaliste", "1.1")
    page = client.get(address)
    assert page.status_code == 200
    assert "Un atelier de deux heures sur l" in page.text
    assert "GEN-2.D" in page.text
    assert address in client.get("/parcours-publies/generaliste/1.0").text


def test_title_of_a_page_names_versions_of_one_path_and_says_that_two_are_joined(client: TestClient) -> None:
    same = client.get(PAGE.format("generaliste", "1.0", "generaliste", "1.1")).text
    other = client.get(PAGE.format("generaliste", "1.1", "specialise", "1.1")).text
    assert "<h1>De la version 1.0 à la version 1.1</h1>" in same
    assert "<h1>D’un parcours à l’autre</h1>" in other


@pytest.mark.parametrize(
    "ends",
    [
        ("generaliste", "1.1", "generaliste", "1.0"),
        ("generaliste", "1.0", "generaliste", "1.0"),
        ("specialise", "1.0", "generaliste", "1.1"),
        ("generaliste", "9.9", "generaliste", "1.1"),
        ("generaliste", "1.0", "generaliste", "9.9"),
    ],
)
def test_mapping_that_does_not_exist_is_not_found(client: TestClient, ends: tuple[str, ...]) -> None:
    assert client.get(PAGE.format(*ends)).status_code == 404


def test_mapping_to_a_draft_is_not_shown(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    published = {name: value for name, value in default_library().published.items() if name != "generaliste/1.1"}
    draft = replace(default_library(), published=published)
    monkeypatch.setattr(service, "default_library", lambda: draft)
    assert client.get(PAGE.format("generaliste", "1.0", "generaliste", "1.1")).status_code == 404
