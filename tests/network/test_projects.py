"""Projects as the administrator keeps them: dates, targets in total, and their parts by region."""

import pytest
from fastapi.testclient import TestClient

from app.network.enums import TargetKind
from app.network.projects.rules import period_reasons, region_target_reasons
from app.platform.database.transaction import Database
from tests.factories.network import STARTED, World, as_

CHANGED = {"name": "Brigade, suite", "funder": "Autre fonds", "starts_on": "2025-01-01", "ends_on": "2029-06-30"}


@pytest.fixture
def admin(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client signed in as an administrator."""
    return as_(client, database, world, "admin")


def part(client: TestClient, project: int, **change: object) -> dict[str, object]:
    """Set a region's part of a target, and return the project's parts."""
    body = {"region_code": "02", "kind": "advisors", "value": 40, **change}
    answer = client.put(f"/api/v1/projects/{project}/region-targets", json=body)
    return {"status": answer.status_code, "parts": answer.json().get("region_targets"), "body": answer.json()}


def test_period_that_ends_on_its_first_day_is_none() -> None:
    assert [reason.code for reason in period_reasons(STARTED, STARTED)] == ["ends_before_start"]


def test_regions_have_no_parts_by_region() -> None:
    assert [kind for kind in TargetKind if region_target_reasons(kind)] == [TargetKind.REGIONS]


def test_project_changed_has_its_new_targets_and_loses_the_others(admin: TestClient, world: World) -> None:
    targets = [{"kind": "advisors", "value": 150}, {"kind": "regions", "value": 17}]
    answer = admin.put(f"/api/v1/projects/{world.project}", json={**CHANGED, "targets": targets})
    shown = answer.json()
    assert {**shown, **CHANGED} == shown
    assert (shown["slug"], shown["targets"]) == ("brigade", {"advisors": 150, "regions": 17})
    assert admin.get(f"/api/v1/projects/{world.project}").json() == shown


def test_project_that_ends_before_it_starts_is_refused(admin: TestClient, world: World) -> None:
    answer = admin.put(f"/api/v1/projects/{world.project}", json={**CHANGED, "ends_on": "2024-12-31"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "ends_before_start")


def test_region_part_is_set_changed_and_taken_away(admin: TestClient, world: World) -> None:
    first = {"region_code": "02", "kind": "advisors", "value": 40}
    assert part(admin, world.project)["parts"] == [first]
    assert part(admin, world.project, value=45)["parts"] == [{**first, "value": 45}]
    other = part(admin, world.project, region_code="01", kind="enterprises", value=60)["parts"]
    assert isinstance(other, list)
    assert [item["region_code"] for item in other] == ["01", "02"]
    assert part(admin, world.project, region_code="01", kind="enterprises", value=None)["parts"] == [
        {**first, "value": 45}
    ]
    assert part(admin, world.project, region_code="09", value=None)["status"] == 200, "nothing to take away"


@pytest.mark.parametrize("change", [{"kind": "regions"}, {"region_code": "18"}, {"value": 0}])
def test_region_part_that_makes_no_sense_is_refused(admin: TestClient, world: World, change: dict[str, object]) -> None:
    refused = part(admin, world.project, **change)
    assert refused["status"] == 422
    assert admin.get(f"/api/v1/projects/{world.project}").json()["region_targets"] == []


def test_project_page_says_what_figures_mean_and_warns_of_parts_above_the_target(
    admin: TestClient, world: World
) -> None:
    form = {"region_code": "02", "kind": "advisors", "value": "140"}
    assert admin.post(f"/projets/{world.project}/regions", data=form).status_code == 303
    page = admin.get(f"/projets/{world.project}").text
    assert "les parts totalisent 140, pour une cible de 135." in page
    assert "qui ont terminé un parcours" in page
    assert "page des indicateurs" in page
    assert admin.post(f"/projets/{world.project}/regions", data={**form, "value": ""}).status_code == 303
    assert "Aucune part n’est fixée." in admin.get(f"/projets/{world.project}").text


def test_project_form_that_is_refused_keeps_everything_typed(admin: TestClient, world: World) -> None:
    form = {**CHANGED, "ends_on": "2024-12-31", "advisors": "150", "enterprises": "", "regions": "17"}
    page = admin.post(f"/projets/{world.project}", data=form)
    assert page.status_code == 422
    for typed in ("Brigade, suite", "Autre fonds", "2024-12-31", "150"):
        assert f'value="{typed}"' in page.text
    assert admin.post(f"/projets/{world.project}", data={**form, "ends_on": "2029-06-30"}).status_code == 303
    assert admin.get(f"/api/v1/projects/{world.project}").json()["targets"] == {"advisors": 150, "regions": 17}


def test_project_added_by_the_form_has_its_page(admin: TestClient) -> None:
    added = admin.post("/projets", data={**CHANGED, "slug": "suite", "advisors": "40"})
    assert added.status_code == 303, added.text
    assert "<h1>Brigade, suite</h1>" in admin.get(added.headers["location"]).text
    assert "Autre fonds" in admin.get("/projets", params={"recherche": "autre"}).text
