"""Panels over HTTP: statuses, and what a program sends."""

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.grading import ALL_CN01
from tests.factories.network import World, as_
from tests.factories.panels import MOTIVE, REASONS, add_trainers, judged


def test_review_goes_from_the_request_to_the_decision(client: TestClient, database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    as_(client, database, world, "maude")
    asked = client.post(f"/api/v1/judgements/{first.id}/reviews", json={"motive": MOTIVE})
    assert (asked.status_code, asked.json()["kind"], asked.json()["wanted"]) == (201, "review", 1)
    again = client.post(f"/api/v1/judgements/{first.id}/reviews", json={"motive": MOTIVE})
    assert (again.status_code, again.json()["code"]) == (409, "review_refused")
    panel = asked.json()["id"]
    as_(client, database, world, "coordinator")
    named = client.post(f"/api/v1/panels/{panel}/assessors", json={"assessor_ids": [world.people["karim"]]})
    assert (named.status_code, named.json()["state"]) == (200, "reading")
    as_(client, database, world, "karim")
    body = {"level": 3, "criteria_met": ALL_CN01, "reasons": REASONS}
    given = client.post(f"/api/v1/panels/{panel}/opinions", json=body)
    assert (given.status_code, given.json()["basis"]) == (201, "single")
    late = client.post(f"/api/v1/panels/{panel}/opinions", json=body)
    assert (late.status_code, late.json()["code"]) == (409, "panel_decided")
    as_(client, database, world, "maude")
    listed = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/panels").json()["items"]
    assert [(row["id"], row["state"]) for row in listed] == [(panel, "decided")]
    assert client.get("/api/v1/panels", params={"open": False}).json()["items"] == listed


def test_college_chooses_the_days_of_a_review(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    body = {"name": "Collège d’Alma", "city": "Alma", "region_code": "02", "timezone": "America/Toronto"}
    changed = client.put(f"/api/v1/colleges/{world.alma}", json={**body, "review_days": 15})
    assert (changed.status_code, changed.json()["review_days"]) == (200, 15)
    assert client.put(f"/api/v1/colleges/{world.alma}", json={**body, "review_days": 0}).status_code == 422
