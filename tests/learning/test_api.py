"""Learning over HTTP: what is refused says why and leaves nothing; what is out of reach reads as missing."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.db import Database
from app.text import today
from tests.learning.ground import kept, open_the_field
from tests.learning.samples import GOOD, PDF
from tests.world import World, as_

API = "/api/v1"
NOTHING = {"activity_completion": 0, "hand_in": 0, "field_hours": 0, "countersignature": 0}


def of(world: World, noun: str, who: str = "maude") -> str:
    return f"{API}/enrolments/{world.enrolments[who]}/{noun}"


def codes(answer: Response) -> list[tuple[str | None, str]]:
    return [(e["field"], e["code"]) for e in answer.json()["errors"]]


def send_file(client: TestClient, world: World, name: str = "carte.pdf", content: bytes = PDF, **data: str) -> Response:
    fields = {"activity_code": "GEN-1.C", **data}
    return client.post(of(world, "hand-in-files"), data=fields, files={"file": (name, content, "application/pdf")})


# From one end to the other ----------------------------------------------------------------------


def test_mark_take_back_and_read(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    done = client.post(of(world, "completions"), json={"activity_code": "GEN-1.A"})
    assert (done.status_code, done.json()["done"], done.json()["done_on"]) == (201, True, today().isoformat())
    assert client.post(of(world, "completions"), json={"activity_code": "GEN-1.A", "done": False}).status_code == 201
    shown = client.get(of(world, "completions")).json()
    assert [(c["activity_code"], c["done"]) for c in shown] == [("GEN-1.A", False)]


def test_a_text_is_created_once(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    body = {"activity_code": "GEN-1.C", "body": "Ma carte", "completed_at": f"{today().isoformat()}T00:30:00Z"}
    first, again = (client.post(of(world, "hand-ins"), json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert client.get(f"{API}/hand-ins/{first.json()['id']}").json() == first.json()
    rows = client.get(of(world, "hand-ins")).json()
    assert [(r["attempt"], "body" in r) for r in rows] == [(1, False)]


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_of_file_comes_back_as_it_went(
    client: TestClient, database: Database, world: World, kind: str
) -> None:
    as_(client, database, world, "maude")
    made = send_file(client, world, f"Étude d’Élise.{kind}", GOOD[kind])
    assert made.status_code == 201
    assert send_file(client, world, f"Étude d’Élise.{kind}", GOOD[kind]).status_code == 200
    found = as_(client, database, world, "trainer").get(f"{API}/hand-ins/{made.json()['id']}/file")
    assert found.content == GOOD[kind]
    assert found.headers["content-type"].split(";")[0] == made.json()["file_type"]
    assert found.headers["content-disposition"].startswith("attachment; ")
    assert f"filename*=UTF-8''%C3%89tude%20d%E2%80%99%C3%89lise.{kind}" in found.headers["content-disposition"]
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert found.headers["cache-control"] == "no-store"


def test_hours_from_declaration_to_decision(client: TestClient, database: Database, world: World) -> None:
    open_the_field(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 180, "worked_on": today().isoformat(), "note": "Visite"}
    as_(client, database, world, "maude")
    first, again = (client.post(of(world, "field-hours"), json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    as_(client, database, world, "coordinator")
    waiting = client.get(f"{API}/colleges/{world.alma}/field-hours/pending").json()
    assert [(h["id"], h["name"], h["state"]) for h in waiting] == [(first.json()["id"], "Maude Bérubé", "pending")]
    decided = client.post(f"{API}/field-hours/{first.json()['id']}/countersignature", json={"accepted": True})
    assert (decided.status_code, decided.json()["state"]) == (201, "accepted")
    assert client.get(f"{API}/colleges/{world.alma}/field-hours/pending").json() == []
    stale = client.post(f"{API}/field-hours/{first.json()['id']}/countersignature", json={"accepted": True})
    assert (stale.status_code, codes(stale)) == (409, [("supersedes", "countersignature_stale")])
    mine = as_(client, database, world, "maude").get(of(world, "field-hours")).json()
    assert [(h["state"], h["decided_by"]) for h in mine] == [("accepted", "Corinne Coordination")]


# What is refused --------------------------------------------------------------------------------

DAY = today().isoformat()
LONG = "x" * 20_001


@pytest.mark.parametrize(
    ("noun", "body", "status", "expected"),
    [
        ("completions", {}, 422, [("activity_code", "missing")]),
        ("completions", {"activity_code": 7}, 422, [("activity_code", "string_type")]),
        ("completions", {"activity_code": "GEN-1.A", "by": 1}, 422, [("by", "extra_forbidden")]),
        ("completions", {"activity_code": "GEN-1.A", "done": "peut-être"}, 422, [("done", "bool_parsing")]),
        ("completions", {"activity_code": "GEN-1.A", "done_on": "hier"}, 422, [("done_on", "date_from_datetime_parsing")]),
        ("completions", {"activity_code": "GEN-1.A", "done_on": "2019-01-01"}, 422, [("done_on", "before_the_start")]),
        ("completions", {"activity_code": "GEN-1.A", "done_on": "2999-01-01"}, 422, [("done_on", "date_in_the_future")]),
        ("completions", {"activity_code": "ABC"}, 422, [("activity_code", "unknown_activity")]),
        ("completions", {"activity_code": "GEN-1.A\x00"}, 422, [("activity_code", "unknown_activity")]),
        ("completions", {"activity_code": "GEN-1.C"}, 422, [("activity_code", "not_self_study")]),
        ("completions", {"activity_code": "GEN-3.A"}, 422, [("activity_code", "activity_locked")]),
        ("hand-ins", {"activity_code": "GEN-1.C"}, 422, [("body", "missing")]),
        ("hand-ins", {"activity_code": "GEN-1.C", "body": "  "}, 422, [("body", "string_too_short")]),
        ("hand-ins", {"activity_code": "GEN-1.C", "body": LONG}, 422, [("body", "string_too_long")]),
        ("hand-ins", {"activity_code": "GEN-1.C", "body": "a\x00b"}, 422, [("body", "value_error")]),
        ("hand-ins", {"activity_code": "GEN-1.A", "body": "a"}, 422, [("activity_code", "not_assessed")]),
        (
            "hand-ins",
            {"activity_code": "GEN-1.C", "body": "a", "completed_at": "2026-11-20T10:00:00"},
            422,
            [("completed_at", "timezone_aware")],
        ),
        (
            "hand-ins",
            {"activity_code": "GEN-1.C", "body": "a", "completed_at": "2999-11-20T10:00:00Z"},
            422,
            [("completed_at", "date_in_the_future")],
        ),
        ("field-hours", {"activity_code": "GEN-8.A", "worked_on": DAY, "minutes": 0}, 422, [("minutes", "greater_than_equal")]),
        ("field-hours", {"activity_code": "GEN-8.A", "worked_on": DAY, "minutes": 1441}, 422, [("minutes", "less_than_equal")]),
        ("field-hours", {"activity_code": "GEN-8.A", "worked_on": DAY, "minutes": 1.5}, 422, [("minutes", "value_error")]),
        ("field-hours", {"activity_code": "GEN-8.A", "worked_on": DAY, "minutes": 60}, 422, [("activity_code", "activity_locked")]),
        ("field-hours", {"activity_code": "GEN-1.A", "worked_on": DAY, "minutes": 60}, 422, [("activity_code", "not_a_field_activity")]),
        ("field-hours", [1], 422, [("body", "model_attributes_type")]),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_leaves_nothing(
    client: TestClient,
    database: Database,
    world: World,
    *,
    noun: str,
    body: Any,
    status: int,
    expected: list[tuple[str, str]],
) -> None:
    answer = as_(client, database, world, "maude").post(of(world, noun), json=body)
    assert (answer.status_code, codes(answer)) == (status, expected)
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(e["message"] for e in answer.json()["errors"])
    assert kept(database, world) == NOTHING


@pytest.mark.parametrize(
    ("name", "content", "data", "expected"),
    [
        ("outil.exe", b"MZ", {}, [("file", "file_type_refused")]),
        ("vide.pdf", b"", {}, [("file", "file_empty")]),
        ("faux.docx", PDF, {}, [("file", "file_not_its_type")]),
        ("gros.pdf", PDF + bytes(10_000_001), {}, [("file", "file_too_large")]),
        ("carte.pdf", PDF, {"activity_code": "GEN-1.A"}, [("activity_code", "not_assessed")]),
        ("carte.pdf", PDF, {"attempt": "7"}, [("attempt", "extra_forbidden")]),
        ("carte.pdf", PDF, {"completed_at": "bientôt"}, [("completed_at", "datetime_from_date_parsing")]),
    ],
)
def test_a_bad_file_is_named_and_leaves_nothing(
    client: TestClient,
    database: Database,
    world: World,
    *,
    name: str,
    content: bytes,
    data: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    answer = send_file(as_(client, database, world, "maude"), world, name, content, **data)
    assert (answer.status_code, codes(answer)) == (422, expected)
    assert kept(database, world) == NOTHING


def test_a_file_is_asked_for_where_text_was_sent(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    answer = client.post(of(world, "hand-in-files"), data={"activity_code": "GEN-1.C", "file": "du texte"})
    assert (answer.status_code, [c[0] for c in codes(answer)]) == (422, ["file"])
    assert client.post(
        of(world, "hand-in-files"), content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}
    ).status_code in (400, 422)
    assert kept(database, world) == NOTHING


def test_a_refusal_without_a_reason_is_named(client: TestClient, database: Database, world: World) -> None:
    open_the_field(database, world)
    before = kept(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}
    hours = as_(client, database, world, "maude").post(of(world, "field-hours"), json=body).json()["id"]
    as_(client, database, world, "coordinator")
    address = f"{API}/field-hours/{hours}/countersignature"
    for sent, expected in (
        ({"accepted": False}, [("reason", "reason_needed")]),
        ({"accepted": False, "reason": " "}, [("reason", "string_too_short")]),
        ({}, [("accepted", "missing")]),
        ({"accepted": True, "decided_by": 1}, [("decided_by", "extra_forbidden")]),
    ):
        answer = client.post(address, json=sent)
        assert (answer.status_code, codes(answer)) == (422, expected)
    assert kept(database, world) == before | {"field_hours": 1}


# What is out of reach ---------------------------------------------------------------------------

WRITES: list[tuple[str, dict[str, object]]] = [
    ("completions", {"activity_code": "GEN-1.A"}),
    ("hand-ins", {"activity_code": "GEN-1.C", "body": "a"}),
    ("field-hours", {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}),
]


@pytest.mark.parametrize(("noun", "body"), WRITES)
@pytest.mark.parametrize("who", ["karim", "other_participant"])
def test_nobody_writes_on_anothers_path(
    client: TestClient, database: Database, world: World, *, who: str, noun: str, body: dict[str, object]
) -> None:
    as_(client, database, world, who)
    hidden = client.post(of(world, noun), json=body)
    missing = client.post(f"{API}/enrolments/999999/{noun}", json=body)
    assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert kept(database, world) == NOTHING


@pytest.mark.parametrize(("noun", "body"), WRITES)
@pytest.mark.parametrize("who", ["trainer", "coordinator", "registrar", "observer", "nobody"])
def test_only_participants_do_activities(
    client: TestClient, database: Database, world: World, *, who: str, noun: str, body: dict[str, object]
) -> None:
    assert as_(client, database, world, who).post(of(world, noun), json=body).status_code == 403
    assert kept(database, world) == NOTHING


@pytest.mark.parametrize("who", ["karim", "other_trainer", "other_coordinator"])
def test_what_someone_left_is_not_found_elsewhere(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    made = send_file(as_(client, database, world, "maude"), world).json()["id"]
    as_(client, database, world, who)
    missing = client.get(f"{API}/hand-ins/999999").content
    for address in (
        f"{API}/hand-ins/{made}",
        f"{API}/hand-ins/{made}/file",
        of(world, "hand-ins"),
        of(world, "field-hours"),
        of(world, "completions"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.content) == (404, missing), address


def test_a_coordinator_elsewhere_decides_nothing(client: TestClient, database: Database, world: World) -> None:
    open_the_field(database, world)
    body = {"activity_code": "GEN-8.A", "minutes": 60, "worked_on": DAY}
    hours = as_(client, database, world, "maude").post(of(world, "field-hours"), json=body).json()["id"]
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
    assert kept(database, world)["countersignature"] == 0


def test_strangers_sign_in_first(client: TestClient, world: World) -> None:
    for noun, body in WRITES:
        assert client.post(of(world, noun), json=body).status_code == 401
        assert client.get(of(world, noun)).status_code == 401
    assert client.get(f"{API}/hand-ins/1/file").status_code == 401
