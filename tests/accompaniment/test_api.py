"""Accompaniment over JSON: the path of a mandate, and what is refused without leaving anything."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.accompaniment import NEQ, TODAY, enterprise, known, opened
from tests.factories.network import World, as_, count


def kept(database: Database, world: World) -> dict[str, int]:
    """Rows of the feature's tables in both colleges."""
    tables = ("enterprise", "mandate", "mandate_advisor", "mandate_milestone")
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return {table: count(db, table) for table in tables}


def firm(**changes: object) -> dict[str, Any]:
    """An enterprise to add."""
    return {"name": "Scierie du Lac", "neq": NEQ, "sector": "Bois", "size": "5-49", "region_code": "02", **changes}


def mandate(**changes: object) -> dict[str, Any]:
    """A mandate to open."""
    return {"kind": "accompagnement", "title": "Inventaire connecté", "enterprise": firm(), **changes}


def test_a_mandate_from_its_opening_to_the_plan(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=mandate())
    assert answer.status_code == 201, answer.text
    path = f"/api/v1/mandates/{answer.json()['id']}"
    for days, kind in ((3, "agreement"), (2, "diagnostic"), (1, "plan")):
        on = (TODAY - timedelta(days=days)).isoformat()
        body = {"kind": kind, "happened_on": on, "confidentiality_clause": kind == "agreement"}
        assert client.post(f"{path}/milestones", json=body).status_code == 201
    shown = client.get(path).json()
    assert (shown["stage"], shown["accompanied"], shown["next_kind"]) == ("planned", True, None)
    (row,) = client.get("/api/v1/mandates?stage=planned&mine=true").json()["items"]
    assert row["advisors"] == "Maude Bérubé"
    assert client.get("/api/v1/enterprises/accompanied").json() == [{"college_id": world.alma, "enterprises": 1}]
    found = client.get("/api/v1/enterprises").json()
    assert ([e["neq"] for e in found["items"]], found["next"]) == ([NEQ], None)
    assert client.get(f"/api/v1/enterprises/{shown['enterprise_id']}").json()["name"] == "Scierie du Lac"


def test_the_coordinator_opens_for_several_and_a_participant_only_for_oneself(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    assert client.post(f"/api/v1/colleges/{world.alma}/enterprises", json=firm()).status_code == 201
    also = [world.enrolments["karim"]]
    body = {"kind": "orientation", "title": "Site", "neq": NEQ, "also_enrolments": also}
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/mandates"
    answer = client.post(path, json=body)
    assert [a["name"] for a in answer.json()["advisors"]] == ["Maude Bérubé", "Karim Haddad"]
    before = kept(database, world)
    as_(client, database, world, "maude")
    assert client.post(path, json=body).status_code == 404
    assert client.post(f"/api/v1/enrolments/{also[0]}/mandates", json=mandate()).status_code == 404
    assert client.post(f"/api/v1/colleges/{world.alma}/enterprises", json=firm(neq=None)).status_code == 403
    assert kept(database, world) == before


def test_another_college_is_answered_as_if_it_were_missing(
    client: TestClient, database: Database, world: World
) -> None:
    scierie = known(database, world, enterprise())
    shown = opened(database, world, neq=NEQ)
    before = kept(database, world)
    as_(client, database, world, "other_coordinator")
    assert client.get("/api/v1/enterprises").json() == {"items": [], "next": None}
    assert client.get("/api/v1/mandates").json() == {"items": [], "next": None}
    fact = {"kind": "agreement", "happened_on": TODAY.isoformat(), "confidentiality_clause": True}
    doors: list[tuple[str, str, int, dict[str, Any] | None]] = [
        ("GET", "/api/v1/enterprises/{}", scierie.id, None),
        ("GET", "/api/v1/mandates/{}", shown.id, None),
        ("POST", "/api/v1/mandates/{}/milestones", shown.id, fact),
        ("POST", "/api/v1/enrolments/{}/mandates", world.enrolments["maude"], mandate()),
        ("POST", "/api/v1/colleges/{}/enterprises", world.alma, firm(neq=None)),
    ]
    for method, path, known_id, body in doors:
        theirs = client.request(method, path.format(known_id), json=body)
        for nothing in (999_999, 99_999_999_999):
            missing = client.request(method, path.format(nothing), json=body)
            assert (theirs.status_code, theirs.content) == (404, missing.content), path
    mine = client.post(f"/api/v1/colleges/{world.rouyn}/enterprises", json=firm())
    assert mine.status_code == 201, "the same NEQ in another college is another row"
    elsewhere = {"kind": "orientation", "title": "Site", "enterprise_id": scierie.id}
    path = f"/api/v1/enrolments/{world.enrolments['other_participant']}/mandates"
    assert client.post(path, json=elsewhere).status_code == 404
    assert kept(database, world) == {**before, "enterprise": before["enterprise"] + 1}


def test_one_number_is_one_enterprise(client: TestClient, database: Database, world: World) -> None:
    known(database, world, enterprise("Nom secret"))
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=mandate())
    assert (answer.status_code, answer.json()["code"]) == (409, "neq_taken")
    assert answer.json()["errors"][0]["field"] == "enterprise.neq"
    assert "secret" not in answer.text
    assert kept(database, world)["mandate"] == 0


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (mandate(note="?"), "extra_forbidden", "note"),
        (mandate(kind="conseil"), "enum", "kind"),
        (mandate(title=" "), "string_too_short", "title"),
        (mandate(title="x" * 201), "string_too_long", "title"),
        (mandate(opened_on="2099-01-01"), "date_to_come", "opened_on"),
        (mandate(enterprise=None), "one_enterprise", "enterprise"),
        (mandate(neq=NEQ), "one_enterprise", "enterprise"),
        (mandate(enterprise=None, neq="123"), "neq_form", "neq"),
        (mandate(enterprise=None, neq="1166\u00009999"), "value_error", "neq"),
        (mandate(enterprise=None, neq="2266000002"), "neq_unknown", "neq"),
        (mandate(enterprise=firm(neq="4466000002")), "neq_form", "enterprise.neq"),
        (mandate(enterprise=firm(region_code="18")), "value_error", "enterprise.region_code"),
        (mandate(enterprise=firm(size="énorme")), "enum", "enterprise.size"),
        (mandate(enterprise=firm(sector=None)), "string_type", "enterprise.sector"),
    ],
)
def test_a_bad_mandate_is_refused_and_leaves_nothing(
    client: TestClient, database: Database, world: World, *, body: dict[str, Any], code: str, field: str
) -> None:
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=body)
    assert answer.status_code == 422, answer.text
    assert (code, field) in [(e["code"], e["field"]) for e in answer.json()["errors"]]
    assert set(kept(database, world).values()) == {0}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "visite", "happened_on": "2026-01-01"}, 422, "enum"),
        ({"kind": "agreement"}, 422, "missing"),
        ({"kind": "agreement", "happened_on": "2026-13-01"}, 422, "date_from_datetime_parsing"),
        ({"kind": "agreement", "happened_on": "2026-01-01"}, 422, "confidentiality_clause_missing"),
        ({"kind": "plan", "happened_on": "2026-01-01"}, 422, "agreement_missing"),
        ({"kind": "agreement", "happened_on": "2099-01-01", "confidentiality_clause": True}, 422, "date_to_come"),
        ({"kind": "agreement", "happened_on": "2026-01-01", "supersedes": 1}, 409, "milestone_stale"),
    ],
)
def test_a_bad_fact_is_refused_and_leaves_nothing(
    client: TestClient, database: Database, world: World, *, body: dict[str, Any], status: int, code: str
) -> None:
    shown = opened(database, world)
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/mandates/{shown.id}/milestones", json=body)
    assert answer.status_code == status, answer.text
    assert code in [e["code"] for e in answer.json()["errors"]]
    assert kept(database, world)["mandate_milestone"] == 0


def test_lists_refuse_a_place_that_is_not_theirs(client: TestClient, database: Database, world: World) -> None:
    elsewhere = known(database, world, enterprise(), "other_coordinator")
    as_(client, database, world, "coordinator")
    for after in (elsewhere.id, 999_999):
        answer = client.get(f"/api/v1/enterprises?after={after}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_place")
    assert client.get("/api/v1/enterprises?search=%00").json()["items"] == []
