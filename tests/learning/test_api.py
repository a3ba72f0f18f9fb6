"""Routes of learning: refusals name their field and write nothing; what is out of reach answers as missing."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.activities import complete_prerequisites, row_counts
from tests.factories.learning import PDF, VALID_FILES
from tests.factories.network import World, as_

API = "/api/v1"
NOTHING = {"activity_completion": 0, "hand_in": 0, "field_hours": 0, "countersignature": 0}


def path(world: World, noun: str, who: str = "maude") -> str:
    return f"{API}/enrolments/{world.enrolments[who]}/{noun}"


def codes(answer: Response) -> list[tuple[str | None, str]]:
    return [(e["field"], e["code"]) for e in answer.json()["errors"]]


def send_file(client: TestClient, world: World, name: str = "carte.pdf", content: bytes = PDF, **data: str) -> Response:
    fields = {"activity_code": "GEN-1.C", **data}
    return client.post(path(world, "hand-in-files"), data=fields, files={"file": (name, content, "application/pdf")})


def test_mark_done_then_not_done_and_read(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    done = client.post(path(world, "completions"), json={"activity_code": "GEN-1.A"})
    assert (done.status_code, done.json()["done"], done.json()["done_on"]) == (201, True, today().isoformat())
    assert client.post(path(world, "completions"), json={"activity_code": "GEN-1.A", "done": False}).status_code == 201
    shown = client.get(path(world, "completions")).json()
    assert [(c["activity_code"], c["done"]) for c in shown] == [("GEN-1.A", False)]


def test_text_sent_twice_is_created_once(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    body = {"activity_code": "GEN-1.C", "body": "Ma carte", "completed_at": f"{today().isoformat()}T00:30:00Z"}
    first, again = (client.post(path(world, "hand-ins"), json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert client.get(f"{API}/hand-ins/{first.json()['id']}").json() == first.json()
    rows = client.get(path(world, "hand-ins")).json()
    assert [(r["attempt"], "body" in r) for r in rows] == [(1, False)]


def test_text_with_a_link_is_created_once_and_another_link_is_another_attempt(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    body = {"activity_code": "GEN-1.C", "body": "Le tableau de l’équipe"}
    first, again = (client.post(path(world, "hand-ins"), json={**body, "link": LINK}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert (first.json()["attempt"], first.json()["link"]) == (1, LINK)
    other = client.post(path(world, "hand-ins"), json=body)
    assert (other.status_code, other.json()["attempt"], other.json()["link"]) == (201, 2, None)
    assert client.post(path(world, "hand-ins"), json=body).status_code == 200
    read = as_(client, database, world, "trainer").get(f"{API}/hand-ins/{first.json()['id']}")
    assert read.json()["link"] == LINK


@pytest.mark.parametrize("kind", ["pdf", "docx", "csv"])
def test_downloaded_file_equals_the_file_sent(client: TestClient, database: Database, world: World, kind: str) -> None:
    as_(client, database, world, "maude")
    made = send_file(client, world, f"Étude d’Élise.{kind}", VALID_FILES[kind])
    assert made.status_code == 201
    assert send_file(client, world, f"Étude d’Élise.{kind}", VALID_FILES[kind]).status_code == 200
    download = as_(client, database, world, "trainer").get(f"{API}/hand-ins/{made.json()['id']}/file")
    assert download.content == VALID_FILES[kind]
    assert download.headers["content-type"].split(";")[0] == made.json()["file_type"]
    assert download.headers["content-disposition"].startswith("attachment; ")
    assert f"filename*=UTF-8''%C3%89tude%20d%E2%80%99%C3%89lise.{kind}" in download.headers["content-disposition"]
    assert download.headers["x-content-type-options"] == "nosniff"
    assert download.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert download.headers["cache-control"] == "no-store"


def test_hours_from_declaration_to_decision(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 180, "worked_on": today().isoformat(), "note": "Visite"}
    as_(client, database, world, "maude")
    first, again = (client.post(path(world, "field-hours"), json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    as_(client, database, world, "coordinator")
    pending = client.get(f"{API}/colleges/{world.alma}/field-hours/pending").json()["items"]
    assert [(h["id"], h["name"], h["state"]) for h in pending] == [(first.json()["id"], "Maude Bérubé", "pending")]
    decided = client.post(f"{API}/field-hours/{first.json()['id']}/countersignature", json={"accepted": True})
    assert (decided.status_code, decided.json()["state"]) == (201, "accepted")
    assert client.get(f"{API}/colleges/{world.alma}/field-hours/pending").json()["items"] == []
    stale = client.post(f"{API}/field-hours/{first.json()['id']}/countersignature", json={"accepted": True})
    assert (stale.status_code, codes(stale)) == (409, [("supersedes", "countersignature_stale")])
    hours = as_(client, database, world, "maude").get(path(world, "field-hours")).json()
    assert [(h["state"], h["decided_by"]) for h in hours] == [("accepted", "Corinne Coordination")]


DAY = today().isoformat()
LINK = "https://tableaux.example/b/815?vue=2"
NAIVE, FAR = "2026-11-20T10:00:00", "2099-11-20T10:00:00Z"
HOURS = {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}


BAD: dict[str, list[tuple[Any, str, str]]] = {
    "completions": [
        ({}, "activity_code", "missing"),
        ({"activity_code": 7}, "activity_code", "string_type"),
        ({"activity_code": "GEN-1.A", "by": 1}, "by", "extra_forbidden"),
        ({"activity_code": "GEN-1.A", "done": "peut-être"}, "done", "bool_parsing"),
        ({"activity_code": "GEN-1.A", "done_on": "hier"}, "done_on", "date_from_datetime_parsing"),
        ({"activity_code": "GEN-1.A", "done_on": "2019-01-01"}, "done_on", "before_the_start"),
        ({"activity_code": "GEN-1.A", "done_on": "2099-01-01"}, "done_on", "date_in_the_future"),
        ({"activity_code": "ABC"}, "activity_code", "unknown_activity"),
        ({"activity_code": "GEN-1.A\x00"}, "activity_code", "refused_character"),
        ({"activity_code": "GEN-1.C"}, "activity_code", "not_self_study"),
        ({"activity_code": "GEN-3.A"}, "activity_code", "activity_locked"),
        ([1], "body", "model_attributes_type"),
    ],
    "hand-ins": [
        ({"activity_code": "GEN-1.C"}, "body", "missing"),
        ({"activity_code": "GEN-1.C", "body": "  "}, "body", "missing"),
        ({"activity_code": "GEN-1.C", "body": "x" * 20_001}, "body", "string_too_long"),
        ({"activity_code": "GEN-1.C", "body": "a\x00b"}, "body", "refused_character"),
        ({"activity_code": "GEN-1.A", "body": "a"}, "activity_code", "no_deposit_asked"),
        ({"activity_code": "GEN-1.C", "body": "a", "completed_at": NAIVE}, "completed_at", "timezone_aware"),
        ({"activity_code": "GEN-1.C", "body": "a", "completed_at": FAR}, "completed_at", "date_in_the_future"),
        ({"activity_code": "GEN-1.C", "link": LINK}, "body", "missing"),
        ({"activity_code": "GEN-1.C", "body": "a", "link": "http://site.example/a"}, "link", "link_not_https"),
        ({"activity_code": "GEN-1.C", "body": "a", "link": "javascript:alert(1)"}, "link", "link_not_https"),
        ({"activity_code": "GEN-1.C", "body": "a", "link": f"{LINK}/{'x' * 500}"}, "link", "string_too_long"),
        ({"activity_code": "GEN-1.C", "body": "a", "file_sha256": "0"}, "file_sha256", "extra_forbidden"),
    ],
    "field-hours": [
        ({**HOURS, "minutes": 0}, "minutes", "greater_than_equal"),
        ({**HOURS, "minutes": 1441}, "minutes", "less_than_equal"),
        ({**HOURS, "minutes": 1.5}, "minutes", "value_error"),
        ({**HOURS, "note": "a\x00b"}, "note", "refused_character"),
        ({**HOURS, "worked_on": "2019-01-01", "activity_code": "GEN-2.A"}, "activity_code", "not_a_field_activity"),
        (HOURS, "activity_code", "activity_locked"),
    ],
}


@pytest.mark.parametrize("noun", BAD)
def test_invalid_command_names_its_field_and_writes_nothing(
    client: TestClient, database: Database, world: World, noun: str
) -> None:
    as_(client, database, world, "maude")
    for body, field, code in BAD[noun]:
        answer = client.post(path(world, noun), json=body)
        assert (answer.status_code, codes(answer)) == (422, [(field, code)]), body
        assert answer.headers["content-type"] == "application/problem+json"
        assert all(e["message"] for e in answer.json()["errors"])
    assert row_counts(database, world) == NOTHING


BAD_FILES: list[tuple[str, bytes, dict[str, str], str, str]] = [
    ("outil.exe", b"MZ", {}, "file", "file_type_refused"),
    ("vide.pdf", b"", {}, "file", "file_empty"),
    ("faux.docx", PDF, {}, "file", "file_not_its_type"),
    ("gros.pdf", PDF + bytes(10_000_001), {}, "file", "file_too_large"),
    ("carte.pdf", PDF, {"activity_code": "GEN-1.A"}, "activity_code", "no_deposit_asked"),
    ("carte.pdf", PDF, {"attempt": "7"}, "attempt", "extra_forbidden"),
    ("carte.pdf", PDF, {"completed_at": "bientôt"}, "completed_at", "datetime_from_date_parsing"),
]


def test_invalid_file_names_its_field_and_writes_nothing(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    for name, content, data, field, code in BAD_FILES:
        answer = send_file(client, world, name, content, **data)
        assert (answer.status_code, codes(answer)) == (422, [(field, code)]), name
    assert row_counts(database, world) == NOTHING


def test_text_in_place_of_a_file_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answer = client.post(path(world, "hand-in-files"), data={"activity_code": "GEN-1.C", "file": "du texte"})
    assert (answer.status_code, [c[0] for c in codes(answer)]) == (422, ["file"])
    assert client.post(
        path(world, "hand-in-files"), content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}
    ).status_code in (400, 422)
    assert row_counts(database, world) == NOTHING


def test_countersignature_without_its_reason_is_refused(client: TestClient, database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    before = row_counts(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}
    hours = as_(client, database, world, "maude").post(path(world, "field-hours"), json=body).json()["id"]
    as_(client, database, world, "coordinator")
    address = f"{API}/field-hours/{hours}/countersignature"
    for sent, expected in (
        ({"accepted": False}, [("reason", "reason_needed")]),
        ({"accepted": False, "reason": " "}, [("reason", "reason_needed")]),
        ({}, [("accepted", "missing")]),
        ({"accepted": True, "decided_by": 1}, [("decided_by", "extra_forbidden")]),
    ):
        answer = client.post(address, json=sent)
        assert (answer.status_code, codes(answer)) == (422, expected)
    assert row_counts(database, world) == before | {"field_hours": 1}


WRITES: list[tuple[str, dict[str, object]]] = [
    ("completions", {"activity_code": "GEN-1.A"}),
    ("hand-ins", {"activity_code": "GEN-1.C", "body": "a"}),
    ("field-hours", dict(HOURS)),
]


@pytest.mark.parametrize("who", ["karim", "other_participant"])
def test_write_on_another_persons_enrolment_answers_as_missing(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    as_(client, database, world, who)
    for noun, body in WRITES:
        hidden = client.post(path(world, noun), json=body)
        missing = client.post(f"{API}/enrolments/999999/{noun}", json=body)
        assert (hidden.status_code, hidden.content) == (404, missing.content), noun
    assert row_counts(database, world) == NOTHING


def test_write_without_the_participants_role_answers_403(client: TestClient, database: Database, world: World) -> None:
    for who in ("trainer", "coordinator", "registrar", "observer", "nobody"):
        as_(client, database, world, who)
        for noun, body in WRITES:
            assert client.post(path(world, noun), json=body).status_code == 403, (who, noun)
    assert row_counts(database, world) == NOTHING


@pytest.mark.parametrize("who", ["karim", "other_trainer", "other_coordinator"])
def test_evidence_out_of_reach_answers_as_missing(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    made = send_file(as_(client, database, world, "maude"), world).json()["id"]
    as_(client, database, world, who)
    missing = client.get(f"{API}/hand-ins/999999").content
    for address in (
        f"{API}/hand-ins/{made}",
        f"{API}/hand-ins/{made}/file",
        path(world, "hand-ins"),
        path(world, "field-hours"),
        path(world, "completions"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.content) == (404, missing), address


def test_countersignature_in_another_college_answers_as_missing(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}
    hours = as_(client, database, world, "maude").post(path(world, "field-hours"), json=body).json()["id"]
    assert client.get(f"{API}/colleges/{world.alma}/field-hours/pending").status_code == 403
    as_(client, database, world, "other_coordinator")
    for verb, hidden, missing in (
        ("GET", f"/colleges/{world.alma}/field-hours/pending", "/colleges/999999/field-hours/pending"),
        ("POST", f"/field-hours/{hours}/countersignature", "/field-hours/999999/countersignature"),
    ):
        answers = [
            client.request(verb, API + address, json={"accepted": True} if verb == "POST" else None)
            for address in (hidden, missing)
        ]
        assert [a.status_code for a in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert row_counts(database, world)["countersignature"] == 0


def test_routes_without_sign_in_answer_401(client: TestClient, world: World) -> None:
    for noun, body in WRITES:
        assert client.post(path(world, noun), json=body).status_code == 401
        assert client.get(path(world, noun)).status_code == 401
    assert client.get(f"{API}/hand-ins/1/file").status_code == 401
