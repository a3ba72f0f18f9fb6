"""Routes of accompaniment: a mandate from opening to plan; refusals write nothing."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.accompaniment import NEQ, TODAY, add_enterprise, new_enterprise, open_mandate
from tests.factories.network import World, as_, count


def row_counts(database: Database, world: World) -> dict[str, int]:
    """Return the number of rows of the feature's tables in both colleges."""
    tables = ("enterprise", "mandate", "mandate_advisor", "mandate_milestone")
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return {table: count(db, table) for table in tables}


def enterprise_body(**changes: object) -> dict[str, Any]:
    """An enterprise to add."""
    return {"name": "Scierie du Lac", "neq": NEQ, "sector": "Bois", "size": "5-49", "region_code": "02", **changes}


def mandate_body(**changes: object) -> dict[str, Any]:
    """A mandate to open."""
    return {"kind": "accompagnement", "title": "Inventaire connecté", "enterprise": enterprise_body(), **changes}


def test_mandate_from_opening_to_plan(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=mandate_body())
    assert answer.status_code == 201, answer.text
    path = f"/api/v1/mandates/{answer.json()['id']}"
    for days, kind in ((3, "agreement"), (2, "diagnostic"), (1, "plan")):
        on = (TODAY - timedelta(days=days)).isoformat()
        body = {"kind": kind, "happened_on": on, "confidentiality_clause": kind == "agreement"}
        assert client.post(f"{path}/milestones", json=body).status_code == 201
    shown = client.get(path).json()
    assert (shown["stage"], shown["accompanied"], shown["next_kind"]) == ("planned", False, None)
    as_(client, database, world, "trainer")
    for milestone in shown["milestones"]:
        answer = client.post(f"/api/v1/milestones/{milestone['id']}/confirmation")
        assert (answer.status_code, answer.json()["accompanied"]) == (201, milestone["kind"] == "plan")
    as_(client, database, world, "maude")
    (row,) = client.get("/api/v1/mandates?stage=planned&mine=true").json()["items"]
    assert row["advisors"] == "Maude Bérubé"
    assert client.get("/api/v1/enterprises/accompanied").json() == [{"college_id": world.alma, "enterprises": 1}]
    page = client.get("/api/v1/enterprises").json()
    assert ([e["neq"] for e in page["items"]], page["next"]) == ([NEQ], None)
    assert client.get(f"/api/v1/enterprises/{shown['enterprise_id']}").json()["name"] == "Scierie du Lac"


def test_coordinator_opens_for_several_and_participant_for_themselves_only(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    assert client.post(f"/api/v1/colleges/{world.alma}/enterprises", json=enterprise_body()).status_code == 201
    also = [world.enrolments["karim"]]
    body = {"kind": "orientation", "title": "Site", "neq": NEQ, "also_enrolments": also}
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/mandates"
    answer = client.post(path, json=body)
    assert [a["name"] for a in answer.json()["advisors"]] == ["Maude Bérubé", "Karim Haddad"]
    before = row_counts(database, world)
    as_(client, database, world, "maude")
    assert client.post(path, json=body).status_code == 404
    assert client.post(f"/api/v1/enrolments/{also[0]}/mandates", json=mandate_body()).status_code == 404
    assert client.post(f"/api/v1/colleges/{world.alma}/enterprises", json=enterprise_body(neq=None)).status_code == 403
    assert row_counts(database, world) == before


def test_records_of_another_college_answer_as_missing(client: TestClient, database: Database, world: World) -> None:
    scierie = add_enterprise(database, world, new_enterprise())
    shown = open_mandate(database, world, neq=NEQ)
    before = row_counts(database, world)
    as_(client, database, world, "other_coordinator")
    assert client.get("/api/v1/enterprises").json() == {"items": [], "next": None}
    assert client.get("/api/v1/mandates").json() == {"items": [], "next": None}
    milestone = {"kind": "agreement", "happened_on": TODAY.isoformat(), "confidentiality_clause": True}
    routes: list[tuple[str, str, int, dict[str, Any] | None]] = [
        ("GET", "/api/v1/enterprises/{}", scierie.id, None),
        ("GET", "/api/v1/mandates/{}", shown.id, None),
        ("POST", "/api/v1/mandates/{}/milestones", shown.id, milestone),
        ("POST", "/api/v1/enrolments/{}/mandates", world.enrolments["maude"], mandate_body()),
        ("POST", "/api/v1/colleges/{}/enterprises", world.alma, enterprise_body(neq=None)),
    ]
    for method, path, known_id, body in routes:
        hidden = client.request(method, path.format(known_id), json=body)
        for missing_id in (999_999, 99_999_999_999):
            missing = client.request(method, path.format(missing_id), json=body)
            assert (hidden.status_code, hidden.content) == (404, missing.content), path
    added = client.post(f"/api/v1/colleges/{world.rouyn}/enterprises", json=enterprise_body())
    assert added.status_code == 201, "the same NEQ in another college is another row"
    elsewhere = {"kind": "orientation", "title": "Site", "enterprise_id": scierie.id}
    path = f"/api/v1/enrolments/{world.enrolments['other_participant']}/mandates"
    assert client.post(path, json=elsewhere).status_code == 404
    assert row_counts(database, world) == {**before, "enterprise": before["enterprise"] + 1}


def test_mandate_in_a_new_enterprise_with_a_taken_neq_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    add_enterprise(database, world, new_enterprise("Nom secret"))
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=mandate_body())
    assert (answer.status_code, answer.json()["code"]) == (409, "neq_taken")
    assert answer.json()["errors"][0]["field"] == "enterprise.neq"
    assert "secret" not in answer.text
    assert row_counts(database, world)["mandate"] == 0


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (mandate_body(note="?"), "extra_forbidden", "note"),
        (mandate_body(kind="conseil"), "enum", "kind"),
        (mandate_body(title=" "), "missing", "title"),
        (mandate_body(title="x" * 201), "string_too_long", "title"),
        (mandate_body(opened_on="2099-01-01"), "date_to_come", "opened_on"),
        (mandate_body(enterprise=None), "one_enterprise", "enterprise"),
        (mandate_body(neq=NEQ), "one_enterprise", "enterprise"),
        (mandate_body(enterprise=None, neq="123"), "neq_form", "neq"),
        (mandate_body(enterprise=None, neq="1166\u00009999"), "refused_character", "neq"),
        (mandate_body(enterprise=None, neq="2266000002"), "neq_unknown", "neq"),
        (mandate_body(enterprise=enterprise_body(neq="4466000002")), "neq_form", "enterprise.neq"),
        (mandate_body(enterprise=enterprise_body(region_code="18")), "value_error", "enterprise.region_code"),
        (mandate_body(enterprise=enterprise_body(size="énorme")), "enum", "enterprise.size"),
        (mandate_body(enterprise=enterprise_body(sector=None)), "string_type", "enterprise.sector"),
    ],
)
def test_invalid_mandate_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, *, body: dict[str, Any], code: str, field: str
) -> None:
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/mandates", json=body)
    assert answer.status_code == 422, answer.text
    assert (code, field) in [(e["code"], e["field"]) for e in answer.json()["errors"]]
    assert set(row_counts(database, world).values()) == {0}


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
def test_invalid_milestone_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, *, body: dict[str, Any], status: int, code: str
) -> None:
    shown = open_mandate(database, world)
    as_(client, database, world, "maude")
    answer = client.post(f"/api/v1/mandates/{shown.id}/milestones", json=body)
    assert answer.status_code == status, answer.text
    assert code in [e["code"] for e in answer.json()["errors"]]
    assert row_counts(database, world)["mandate_milestone"] == 0


def test_list_after_an_unknown_row_is_refused(client: TestClient, database: Database, world: World) -> None:
    elsewhere = add_enterprise(database, world, new_enterprise(), "other_coordinator")
    as_(client, database, world, "coordinator")
    for after in (elsewhere.id, 999_999):
        answer = client.get(f"/api/v1/enterprises?after={after}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_place")
    refused = client.get("/api/v1/enterprises?search=%00")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "refused_character")
