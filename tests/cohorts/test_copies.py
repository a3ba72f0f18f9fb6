"""A cohort is prepared like another one."""

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from app.cohorts.settings.rules import code_of_copy, end_of_copy, start_of_copy
from app.platform.database.transaction import Database
from tests.factories.cohorts import fields, page
from tests.factories.network import World, as_

API = "/api/v1"
MONDAY = date(2026, 9, 7)


def test_copy_lasts_as_long_unless_its_path_has_changed() -> None:
    like = (MONDAY, MONDAY + timedelta(weeks=16))
    assert end_of_copy(like, date(2027, 1, 11), same_version=True) == date(2027, 1, 11) + timedelta(weeks=16)
    assert end_of_copy(like, date(2027, 1, 11), same_version=False) is None


def test_copy_is_offered_the_monday_after_whatever_ends_later() -> None:
    assert start_of_copy(date(2026, 12, 18), MONDAY) == date(2026, 12, 21)
    assert start_of_copy(date(2026, 1, 1), MONDAY) == MONDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("code", "taken", "wanted"),
    [("GEN", {"GEN"}, "GEN-2"), ("GEN", {"GEN", "GEN-2", "GEN-3"}, "GEN-4"), ("A" * 40, set(), "A" * 35 + "-2")],
)
def test_code_of_a_copy_is_new(code: str, taken: set[str], wanted: str) -> None:
    assert code_of_copy(code, taken) == wanted


def test_copy_is_a_draft_with_the_terms_and_the_team_of_the_other(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/copie"
    shown = client.get(path, follow_redirects=True)
    sent = {**fields(page(shown), path), "title": "Généraliste, printemps", "with_staff": "true"}
    assert sent["code"] == ["GEN-ALM-1-2"]
    made = client.post(path, data=sent)
    assert made.status_code == 303, made.text[:2000]
    id_ = int(made.headers["location"].rsplit("/", 1)[1])
    copy, other = (client.get(f"{API}/cohorts/{one}").json() for one in (id_, world.cohort))
    same = ("curriculum_slug", "capacity", "place", "late_join_pct", "grace_hours", "region_code", "project_id")
    assert [copy[name] for name in same] == [other[name] for name in same]
    assert (copy["state"], copy["title"]) == ("draft", "Généraliste, printemps")
    teams = [client.get(f"{API}/cohorts/{one}/staff").json()["items"] for one in (id_, world.cohort)]
    assert [m["name"] for m in teams[0]] == [m["name"] for m in teams[1]] == ["Théo Formation"]


def test_copy_without_its_team_has_none_and_a_code_in_use_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    path = f"{API}/cohorts/{world.cohort}/copies"
    body = {"code": "GEN-ALM-9", "title": "Copie", "starts_on": "2027-01-11"}
    made = client.post(path, json=body)
    assert made.status_code == 201
    assert client.get(f"{API}/cohorts/{made.json()['id']}/staff").json()["items"] == []
    assert client.post(path, json=body).json()["code"] == "cohort_code_taken"
