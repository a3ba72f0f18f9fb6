"""JSON endpoints of cohorts and attendance: each once, then the refused requests, which write nothing."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.attendance.calendar.models import ScheduledSession
from app.cohorts.models import Cohort
from app.curricula.enums import Mode
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.cohorts import applied, called, change_settings, meeting, settings_of
from tests.factories.network import STARTED, World, as_, count

V1 = "/api/v1"
TABLES = (
    "cohort",
    "enrolment",
    "application",
    "enrolment_move",
    "scheduled_session",
    "roll_call",
    "catch_up",
    "role_held",
)
NEW = {
    "project_id": 1, "region_code": "02", "code": "GEN-ALM-2", "title": "Généraliste d’hiver",
    "curriculum_slug": "generaliste", "curriculum_version": "1.0", "starts_on": "2026-11-30", "place": "Alma",
}  # fmt: skip
AT = f"{STARTED}T13:00:00-05:00"
LATE_AT = f"{STARTED}T13:30:00-05:00"


def row_counts(database: Database, world: World) -> dict[str, int]:
    """Return how many rows each table of cohorts and attendance has."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return {table: count(db, table) for table in TABLES}


def moved(client: TestClient, cohort: str, **command: str) -> Response:
    """Ask for a move of a cohort, once its consequences were read."""
    shown = client.get(f"{cohort}/moves/{command['to']}").json()["shown"]
    return client.post(f"{cohort}/moves", json={**command, "shown": shown})


def test_a_cohort_from_its_opening_to_its_start(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    made = client.post(f"{V1}/colleges/{world.alma}/cohorts", json={**NEW, "project_id": world.project})
    assert made.status_code == 201, made.text
    cohort = f"{V1}/cohorts/{made.json()['id']}"
    assert client.get(cohort).json() == made.json()
    assert [c["code"] for c in client.get(f"{V1}/cohorts", params={"search": "hiver"}).json()["items"]] == ["GEN-ALM-2"]
    staff = {"person_id": world.people["trainer"], "role": "trainer"}
    assert client.post(f"{cohort}/staff", json=staff).status_code == 201
    assert change_settings(client, cohort, settings_of(made.json(), capacity=2)).json()["capacity"] == 2

    as_(client, database, world, "nobody")
    assert made.json()["id"] not in {c["id"] for c in client.get(f"{V1}/cohorts/open").json()["items"]}, "a draft"
    as_(client, database, world, "coordinator")
    assert moved(client, cohort, to="open").json()["state"] == "open"

    as_(client, database, world, "nobody")
    assert made.json()["id"] in {c["id"] for c in client.get(f"{V1}/cohorts/open").json()["items"]}
    sent = client.post(f"{cohort}/applications", json={"motive": "Aider les commerces d’ici.", "employer_agrees": True})
    assert (sent.status_code, sent.json()["state"]) == (201, "applied")
    enrolment = f"{V1}/enrolments/{sent.json()['id']}"

    as_(client, database, world, "coordinator")
    assert [a["motive"] for a in client.get(f"{cohort}/applications").json()["items"]] == ["Aider les commerces d’ici."]
    assert client.post(f"{enrolment}/moves", json={"to": "admitted"}).status_code == 201
    early = moved(client, cohort, to="running")
    assert (early.status_code, early.json()["code"]) == (409, "starts_early")
    begun = moved(client, cohort, to="running", reason="Salle libre plus tôt.")
    assert (begun.json()["state"], begun.json()["people"]) == ("running", 1)
    assert [e["state"] for e in client.get(f"{cohort}/enrolments").json()] == ["active"]
    closed = client.put(f"{cohort}/applications-open", json={"is_open": False})
    assert closed.json()["applications_open"] is False

    as_(client, database, world, "nobody")
    assert [m["to_state"] for m in client.get(f"{enrolment}/moves").json()] == ["applied", "admitted", "active"]
    assert client.get(cohort).status_code == 200
    assert made.json()["id"] not in {c["id"] for c in client.get(f"{V1}/cohorts/open").json()["items"]}


def test_a_session_its_roll_call_and_a_catch_up(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    new = {"activity_code": "GEN-1.B", "starts_at": AT}
    made = client.post(f"{V1}/cohorts/{world.cohort}/sessions", json=new)
    assert (made.status_code, made.json()["planned_minutes"], made.json()["place"]) == (201, 180, "Alma")
    roll_call = f"{V1}/sessions/{made.json()['id']}/roll-call"

    as_(client, database, world, "trainer")
    sheet = client.get(roll_call).json()
    karim = world.enrolments["karim"]
    entries = [
        {"enrolment_id": e["enrolment_id"], "status": "excused", "minutes": 0}
        if e["enrolment_id"] == karim
        else {"enrolment_id": e["enrolment_id"], "status": "late", "arrived_at": LATE_AT, "mode": "phone"}
        for e in sheet["entries"]
    ]
    done = client.post(roll_call, json={"entries": entries})
    assert (done.status_code, done.json()["closed_by"]) == (201, "Théo Formation")
    board = {r["name"]: r for r in client.get(f"{V1}/cohorts/{world.cohort}/board", params={"tri": "risque"}).json()}
    assert next(iter(board)) == "Karim Haddad"
    assert (board["Karim Haddad"]["at_risk"], board["Karim Haddad"]["attendance_pct"]) == (True, 0)
    assert [c["code"] for c in board["Karim Haddad"]["calls"]] == ["attendance_low"]
    assert (board["Maude Bérubé"]["at_risk"], board["Maude Bérubé"]["attendance_pct"]) == (False, 83)

    base = f"{V1}/enrolments/{karim}"
    assert [m["activity_code"] for m in client.get(f"{base}/missed").json()] == ["GEN-1.B"]
    assigned = client.post(f"{base}/catch-ups", json={"activity_code": "GEN-1.B", "due_on": today().isoformat()})
    assert assigned.status_code == 201
    path = f"{base}/catch-ups/{assigned.json()['id']}/done"
    assert client.post(path, json={"done_on": today().isoformat()}).status_code == 201
    assert [c["done_on"] for c in client.get(f"{base}/catch-ups").json()] == [today().isoformat()]

    as_(client, database, world, "coordinator")
    gone = client.post(f"{V1}/sessions/{made.json()['id']}/cancellation", json={"reason": "Tempête."})
    assert (gone.status_code, gone.json()["cancelled"]) == (201, True)
    as_(client, database, world, "maude")
    assert [s["cancel_reason"] for s in client.get(f"{V1}/cohorts/{world.cohort}/sessions").json()["items"]] == [
        "Tempête."
    ]


# Bad input: a clear answer that names the field, nothing written --------------------------------

ENTRY: dict[str, Any] = {"enrolment_id": 1, "status": "present", "minutes": 60}
SETTINGS = {
    "title": "Généraliste", "place": "Alma", "starts_on": "2026-11-30", "ends_on": "2027-03-30", "capacity": 8,
    "late_join_pct": 25, "grace_hours": 48,
}  # fmt: skip
CHANGE = {**SETTINGS, "shown": "0" * 16}
ALMA = "/colleges/{alma}/cohorts"
ONE = "/cohorts/{cohort}"
CALENDAR = "/cohorts/{cohort}/sessions"
BAD: list[tuple[str, str, str, dict[str, Any], int, str, str | None]] = [
    ("coordinator", "POST", ALMA, {**NEW, "surprise": 1}, 422, "extra_forbidden", "surprise"),
    ("coordinator", "POST", ALMA, {**NEW, "capacity": "douze"}, 422, "int_parsing", "capacity"),
    ("coordinator", "POST", ALMA, {**NEW, "capacity": 0}, 422, "greater_than_equal", "capacity"),
    ("coordinator", "POST", ALMA, {**NEW, "title": ""}, 422, "missing", "title"),
    ("coordinator", "POST", ALMA, {**NEW, "title": "a\x00b"}, 422, "refused_character", "title"),
    ("coordinator", "POST", ALMA, {**NEW, "starts_on": "30/11"}, 422, "date_from_datetime_parsing",
     "starts_on"),
    ("coordinator", "POST", ALMA, {**NEW, "project_id": 999}, 422, "unknown_project", "project_id"),
    ("coordinator", "POST", ALMA, {**NEW, "curriculum_version": "9.9"}, 422,
     "curriculum_not_published", "curriculum_version"),
    ("coordinator", "POST", ALMA, {**NEW, "ends_on": "2026-11-30"}, 422, "ends_before_start",
     "ends_on"),
    ("coordinator", "POST", ALMA, {**NEW, "code": "GEN-ALM-1"}, 409, "cohort_code_taken", "code"),
    ("coordinator", "PUT", ONE, {**CHANGE, "capacity": 1}, 409, "seats_taken", "capacity"),
    ("coordinator", "PUT", ONE, {**CHANGE, "ends_on": "2026-11-30"}, 422, "ends_before_start", "ends_on"),
    ("coordinator", "PUT", ONE, {**CHANGE, "late_join_pct": 101}, 422, "less_than_equal", "late_join_pct"),
    ("coordinator", "PUT", ONE, {**CHANGE, "grace_hours": 721}, 422, "less_than_equal", "grace_hours"),
    ("coordinator", "PUT", "/cohorts/{cohort}/applications-open", {}, 422, "missing", "is_open"),
    ("coordinator", "POST", "/cohorts/{cohort}/staff", {"person_id": 999}, 422, "unknown_person", "person_id"),
    ("coordinator", "POST", "/enrolments/{maude}/moves", {"to": "queen"}, 422, "enum", "to"),
    ("coordinator", "POST", "/enrolments/{maude}/moves", {"to": "refused"}, 409, "move_not_allowed", "to"),
    ("coordinator", "POST", "/enrolments/{maude}/moves", {"to": "failed"}, 409, "reason_needed", "reason"),
    ("coordinator", "POST", "/enrolments/{maude}/moves", {"to": "failed", "reason": "x" * 501}, 422, "string_too_long",
     "reason"),
    ("nobody", "POST", "/cohorts/{cohort}/applications", {"motive": "  "}, 422, "missing", "motive"),
    ("coordinator", "POST", CALENDAR, {"activity_code": "GEN-1.B", "starts_at": "2026-11-30T13:00"},
     422, "timezone_aware", "starts_at"),
    ("coordinator", "POST", CALENDAR, {"activity_code": "GEN-1.A", "starts_at": AT}, 422,
     "not_a_group_activity", "activity_code"),
    ("coordinator", "POST", CALENDAR, {"activity_code": "GEN-1.B", "starts_at": "2062-01-01T13:00Z"},
     422, "session_far_from_cohort", "starts_at"),
    ("trainer", "POST", "/sessions/{session}/roll-call", {"entries": []}, 422, "missing_from_the_roll", "entries"),
    ("trainer", "POST", "/sessions/{session}/roll-call", {"entries": [{**ENTRY, "minutes": -1}]}, 422,
     "greater_than_equal", "entries.0.minutes"),
    ("trainer", "POST", "/sessions/{session}/roll-call", {"entries": [{**ENTRY, "enrolment_id": 5}]}, 422,
     "not_on_the_roll", "entries.0.enrolment_id"),
    ("trainer", "POST", "/sessions/{session}/roll-call", {"entries": [ENTRY], "supersedes": 9}, 409, "roll_call_stale",
     "supersedes"),
    ("trainer", "POST", "/enrolments/{maude}/catch-ups", {"activity_code": "GEN-7.A", "due_on": "2027-01-01"}, 422,
     "cannot_catch_up", "activity_code"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "method", "path", "body", "status", "code", "field"), BAD)
def test_bad_input_is_named_and_writes_nothing(
    client: TestClient, database: Database, world: World, *,
    who: str, method: str, path: str, body: dict[str, Any], status: int, code: str, field: str | None,
) -> None:  # fmt: skip
    session_id = meeting(database, world)
    before = row_counts(database, world)
    as_(client, database, world, who)
    if "project_id" in body and body["project_id"] == 1:
        body = {**body, "project_id": world.project}
    url = V1 + path.format(alma=world.alma, cohort=world.cohort, maude=world.enrolments["maude"], session=session_id)
    answer = client.request(method, url, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (code, field) in [(e["code"], e["field"]) for e in answer.json()["errors"]]
    assert all(e["message"] for e in answer.json()["errors"])
    assert row_counts(database, world) == before


REQUESTS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("coordinator", "POST", "/colleges/{college}/cohorts", NEW),
    ("coordinator", "GET", "/cohorts/{cohort}", None),
    ("coordinator", "PUT", "/cohorts/{cohort}/applications-open", {"is_open": False}),
    ("coordinator", "PUT", "/cohorts/{cohort}", CHANGE),
    ("coordinator", "POST", "/cohorts/{cohort}/change-preview", SETTINGS),
    ("coordinator", "POST", "/cohorts/{cohort}/staff", {"person_id": 5}),
    ("coordinator", "POST", "/cohorts/{cohort}/moves", {"to": "closed", "shown": "0" * 16}),
    ("coordinator", "GET", "/cohorts/{cohort}/applications", None),
    ("trainer", "GET", "/cohorts/{cohort}/enrolments", None),
    ("trainer", "GET", "/cohorts/{cohort}/board", None),
    ("maude", "GET", "/cohorts/{cohort}/sessions", None),
    ("coordinator", "POST", "/cohorts/{cohort}/sessions", {"activity_code": "GEN-1.B", "starts_at": AT}),
    ("maude", "GET", "/enrolments/{enrolment}/moves", None),
    ("coordinator", "POST", "/enrolments/{enrolment}/moves", {"to": "withdrawn", "reason": "x"}),
    ("coordinator", "POST", "/sessions/{session}/cancellation", {"reason": "x"}),
    ("trainer", "GET", "/sessions/{session}/roll-call", None),
    ("trainer", "POST", "/sessions/{session}/roll-call", {"entries": []}),
    ("maude", "GET", "/enrolments/{enrolment}/missed", None),
    ("maude", "GET", "/enrolments/{enrolment}/catch-ups", None),
    ("trainer", "POST", "/enrolments/{enrolment}/catch-ups", {"activity_code": "GEN-1.B", "due_on": "2027-01-01"}),
    ("trainer", "POST", "/enrolments/{enrolment}/catch-ups/1/done", {"done_on": "2026-11-01"}),
]


@pytest.mark.parametrize(("who", "method", "path", "body"), REQUESTS)
def test_request_about_another_college_answers_as_if_missing(
    client: TestClient, database: Database, world: World, *,
    who: str, method: str, path: str, body: dict[str, Any] | None,
) -> None:  # fmt: skip
    with database.transaction(colleges=[world.rouyn]) as db:
        elsewhere = session_elsewhere(db, world)
    before = row_counts(database, world)
    as_(client, database, world, who)
    other_college_ids = {
        "college": world.rouyn, "cohort": world.other_cohort, "session": elsewhere,
        "enrolment": world.enrolments["other_participant"],
    }  # fmt: skip
    missing_ids = dict.fromkeys(other_college_ids, 987654)
    out_of_reach, missing = (
        client.request(method, V1 + path.format(**ids), json=body) for ids in (other_college_ids, missing_ids)
    )
    assert (out_of_reach.status_code, out_of_reach.content) == (404, missing.content)
    assert row_counts(database, world) == before


def session_elsewhere(db: Session, world: World) -> int:
    """Add a session of the other college's cohort and return its id."""
    row = ScheduledSession(
        college_id=world.rouyn, cohort_id=world.other_cohort, activity_code="GEN-1.B", starts_at=now(),
        planned_minutes=180, mode=Mode.hybrid, created_at=now(), created_by=world.people["other_coordinator"],
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row.id


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("trainer", "POST", "/cohorts/{cohort}/sessions", 403),
        ("trainer", "POST", "/enrolments/{maude}/moves", 403),
        ("registrar", "POST", "/cohorts/{cohort}/moves", 403),
        ("registrar", "GET", "/cohorts/{cohort}/board", 200),
        ("maude", "GET", "/cohorts/{cohort}/enrolments", 404),
        ("maude", "GET", "/cohorts/{cohort}/board", 404),
        ("maude", "GET", "/cohorts/{cohort}/applications", 403),
        ("maude", "GET", "/enrolments/{karim}/moves", 404),
        ("observer", "GET", "/cohorts", 403),
        ("nobody", "GET", "/cohorts/{cohort}", 403),
        ("facilitator", "GET", "/cohorts/{cohort}/board", 403),
    ],
)
def test_request_by_role_has_the_expected_status(
    client: TestClient, database: Database, world: World, *, who: str, method: str, path: str, status: int
) -> None:
    as_(client, database, world, who)
    ids = {"cohort": world.cohort, "maude": world.enrolments["maude"], "karim": world.enrolments["karim"]}
    assert client.request(method, V1 + path.format(**ids)).status_code == status


def test_finish_catch_up_of_another_enrolment_is_not_found(
    client: TestClient, database: Database, world: World
) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    as_(client, database, world, "trainer")
    command = {"activity_code": "GEN-1.B", "due_on": today().isoformat()}
    catch_up_id = client.post(f"{V1}/enrolments/{world.enrolments['karim']}/catch-ups", json=command).json()["id"]
    path = f"{V1}/enrolments/{world.enrolments['maude']}/catch-ups/{catch_up_id}/done"
    assert client.post(path, json={"done_on": today().isoformat()}).status_code == 404


def test_request_without_signing_in_is_unauthenticated(client: TestClient, world: World) -> None:
    for path in ("/cohorts", "/cohorts/open", f"/cohorts/{world.cohort}", f"/cohorts/{world.cohort}/board"):
        assert client.get(V1 + path).status_code == 401


def test_a_closed_or_ended_cohort_takes_no_application(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    client.put(f"{V1}/cohorts/{world.cohort}/applications-open", json={"is_open": False})
    as_(client, database, world, "nobody")
    answer = client.post(f"{V1}/cohorts/{world.cohort}/applications", json={"motive": "Aider."})
    assert answer.status_code == 404


def test_board_of_a_cohort_late_by_weeks_marks_everyone_active_at_risk(
    client: TestClient, database: Database, world: World
) -> None:
    applied(database, world)
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on = STARTED - timedelta(weeks=6)
        db.add(row)
    as_(client, database, world, "coordinator")
    rows = client.get(f"{V1}/cohorts/{world.cohort}/board").json()
    assert len(rows) == 4
    assert all(r["late"] and r["at_risk"] and [c["code"] for c in r["calls"]] == ["long_late"] for r in rows)
    waiting = client.get(f"{V1}/cohorts/{world.cohort}/board", params={"state": "applied"}).json()
    assert [(r["name"], r["late"], r["at_risk"]) for r in waiting] == [("Noé Sansrôle", False, False)]
    assert client.get(f"{V1}/cohorts/{world.cohort}/board", params={"sort": "x"}).status_code == 422
    assert client.get(f"{V1}/cohorts/{world.cohort}/board", params={"tri": "x"}).status_code == 422
