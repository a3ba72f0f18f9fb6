"""Routes of codevelopment: a group from forming to record; refusals write nothing."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import RecordCommand
from app.platform.database.transaction import Database
from tests.factories.codev import (
    CONTRACT,
    FIRST,
    assign_roles,
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    turn,
)
from tests.factories.network import PARTICIPANTS, World, as_, count

DAY = FIRST.date().isoformat()
TABLES = ("codev_group", "codev_membership", "codev_session", "role_assignment", "codev_record", "management_link")


def row_counts(database: Database, world: World) -> dict[str, int]:
    """Return the number of rows of the feature's tables in both colleges."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        return {table: count(db, table) for table in TABLES}


def group_body(world: World, **changes: object) -> dict[str, Any]:
    """Return the body of a group to form."""
    return {
        "name": "Groupe A",
        "enrolment_ids": [world.enrolments[w] for w in PARTICIPANTS],
        "facilitator_id": world.people["facilitator"],
        **changes,
    }


def record_body(members: list[dict[str, Any]], client_id: int, **changes: object) -> dict[str, Any]:
    """Return the body of a record: everyone present by telephone, one turn held."""
    entries = [
        {"membership_id": m["membership_id"], "status": "present", "minutes": 180, "mode": "phone"} for m in members
    ]
    turns = [{"position": 1, "client_id": client_id, "status": "held"}]
    return {"entries": entries, "turns": turns, **changes}


def test_group_from_forming_to_a_corrected_record(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    created = client.post(
        f"/api/v1/cohorts/{world.cohort}/codev-groups", json=group_body(world, joined_on=str(FIRST.date()))
    )
    assert created.status_code == 201, created.text
    group = created.json()
    planned_session = client.post(
        f"/api/v1/codev/groups/{group['id']}/sessions",
        json={"activity_code": "GEN-7.A", "starts_at": FIRST.isoformat()},
    )
    assert planned_session.status_code == 201, planned_session.text
    path = f"/api/v1/codev/sessions/{planned_session.json()['id']}"

    for who in (*PARTICIPANTS, "facilitator"):
        as_(client, database, world, who)
        assert client.post(f"/api/v1/codev/groups/{group['id']}/agreements", json=CONTRACT).status_code == 201
    (row,) = client.get("/api/v1/codev/groups").json()["items"]
    assert row["next_session_id"] == planned_session.json()["id"]
    (proposed,) = client.get(f"{path}/rotation").json()
    assert (proposed["client"], proposed["reserve"]) == ("Maude Bérubé", "Karim Haddad")
    roles = [
        {"position": 1, "membership_id": proposed["client_id"], "role": "client"},
        {"position": 1, "membership_id": proposed["reserve_id"], "role": "reserve"},
    ]
    assert len(client.put(f"{path}/roles", json={"roles": roles}).json()["roles"]) == 2
    closed = client.post(f"{path}/records", json=record_body(group["members"], proposed["client_id"]))
    assert closed.status_code == 201, closed.text
    assert closed.json()["held"] is True
    assert {e["mode"] for e in closed.json()["entries"]} == {"phone"}
    again = client.post(f"{path}/records", json=record_body(group["members"], proposed["client_id"]))
    assert (again.status_code, again.json()["code"]) == (409, "stale")
    corrected = record_body(group["members"], proposed["client_id"], supersedes=closed.json()["record_id"])
    assert client.post(f"{path}/records", json=corrected).status_code == 201

    as_(client, database, world, "maude")
    shown = client.get(f"/api/v1/codev/groups/{group['id']}").json()
    assert {m["name"]: m["turns"] for m in shown["members"]}["Maude Bérubé"] == 1
    assert row_counts(database, world)["codev_record"] == 2


def test_members_come_and_go_and_the_facilitator_changes(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    path = f"/api/v1/codev/groups/{group.id}"
    as_(client, database, world, "coordinator")
    left = client.post(f"{path}/departures", json={"membership_id": membership_ids(group)["yves"]})
    assert left.status_code == 201
    back = client.post(f"{path}/members", json={"enrolment_id": world.enrolments["yves"]})
    assert [m["follows"] for m in back.json()["members"]] == [True] * 4 + [False]
    changed = client.put(f"{path}/facilitator", json={"person_id": world.people["trainer"]})
    assert [f["name"] for f in changed.json()["facilitators"]] == ["Théo Formation"]
    link = {"manager_id": world.people["maude"], "member_id": world.people["karim"]}
    declared = client.post(f"/api/v1/colleges/{world.alma}/management-links", json=link)
    assert declared.json() == {**link, "group_ids": [group.id]}
    session_id = plan_session(database, world, group.id)
    cancelled = client.post(f"/api/v1/codev/sessions/{session_id}/cancellation")
    assert cancelled.json()["cancelled_at"] is not None
    assert client.post(f"/api/v1/codev/sessions/{session_id}/cancellation").status_code == 409


@pytest.mark.parametrize(
    ("who", "status"),
    [("trainer", 403), ("registrar", 403), ("observer", 403), ("admin", 403), ("other_coordinator", 404), (None, 401)],
)
def test_routes_refuse_those_without_permission_or_reach(
    client: TestClient, database: Database, world: World, who: str | None, status: int
) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    if who is not None:
        as_(client, database, world, who)
    for path in (f"/api/v1/codev/groups/{group.id}", f"/api/v1/codev/sessions/{session_id}"):
        assert client.get(path).status_code == status


def test_records_of_another_college_answer_as_missing(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    before = row_counts(database, world)
    as_(client, database, world, "other_coordinator")
    assert client.get("/api/v1/codev/groups").json() == {"items": [], "next": None}
    join = {"enrolment_id": world.enrolments["other_participant"]}
    group_routes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/api/v1/codev/groups/{}", None),
        ("POST", "/api/v1/codev/groups/{}/members", join),
        ("POST", "/api/v1/codev/groups/{}/departures", {"membership_id": 1}),
        ("PUT", "/api/v1/codev/groups/{}/facilitator", {"person_id": world.people["other_trainer"]}),
        ("POST", "/api/v1/codev/groups/{}/sessions", {"activity_code": "GEN-7.A", "starts_at": FIRST.isoformat()}),
    ]
    session_routes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/api/v1/codev/sessions/{}", None),
        ("GET", "/api/v1/codev/sessions/{}/rotation", None),
        ("POST", "/api/v1/codev/sessions/{}/cancellation", None),
    ]
    for hidden_id, routes in ((group.id, group_routes), (session_id, session_routes)):
        for method, path, body in routes:
            hidden = client.request(method, path.format(hidden_id), json=body)
            missing = client.request(method, path.format(99_999_999_999), json=body)
            assert (hidden.status_code, hidden.content) == (404, missing.content), path
    college = client.post(f"/api/v1/colleges/{world.alma}/management-links", json={"manager_id": 1, "member_id": 2})
    cohort = client.post(f"/api/v1/cohorts/{world.cohort}/codev-groups", json=group_body(world, name="B"))
    assert (college.status_code, cohort.status_code) == (404, 404)
    assert row_counts(database, world) == before


def test_facilitator_of_another_group_gets_404(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    as_(client, database, world, "coordinator")
    client.put(f"/api/v1/codev/groups/{group.id}/facilitator", json={"person_id": world.people["trainer"]})
    as_(client, database, world, "facilitator")
    record = record_body([m.model_dump() for m in group.members], membership_ids(group)["maude"])
    answers = [
        client.get(f"/api/v1/codev/groups/{group.id}"),
        client.get(f"/api/v1/codev/sessions/{session_id}"),
        client.put(f"/api/v1/codev/sessions/{session_id}/roles", json={"roles": []}),
        client.post(f"/api/v1/codev/sessions/{session_id}/records", json=record),
    ]
    assert [a.status_code for a in answers] == [404] * 4
    assert row_counts(database, world)["codev_record"] == 0


def test_member_and_coordinator_read_but_cannot_close_a_record(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    record = record_body([m.model_dump() for m in group.members], membership_ids(group)["maude"])
    for who in ("maude", "coordinator"):
        as_(client, database, world, who)
        assert client.get(f"/api/v1/codev/sessions/{session_id}").status_code == 200
        assert client.post(f"/api/v1/codev/sessions/{session_id}/records", json=record).status_code == 403


def test_coordinator_reads_a_session_without_the_reason_of_a_turn(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.ABSENCE)
    close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(postponed,)))
    as_(client, database, world, "coordinator")
    assert "absence" not in client.get(f"/api/v1/codev/sessions/{session_id}").text


BAD_GROUPS = [
    ({"name": ""}, "missing", "name"),
    ({"name": "x" * 81}, "string_too_long", "name"),
    ({"name": "a\u001bb"}, "refused_character", "name"),
    ({"note": "?"}, "extra_forbidden", "note"),
    ({"facilitator_id": "?"}, "int_parsing", "facilitator_id"),
    ({"facilitator_id": 10**9}, "unknown_person", "facilitator_id"),
    ({"enrolment_ids": []}, "group_size", "enrolment_ids"),
    ({"enrolment_ids": [10**9] * 2}, "group_size", "enrolment_ids"),
    ({"enrolment_ids": list(range(51))}, "too_long", "enrolment_ids"),
    ({"joined_on": "hier"}, "date_from_datetime_parsing", "joined_on"),
    ({"joined_on": "2099-01-01"}, "date_to_come", "joined_on"),
]


@pytest.mark.parametrize(("changes", "code", "field"), BAD_GROUPS)
def test_invalid_group_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, *, changes: dict[str, object], code: str, field: str
) -> None:
    before = row_counts(database, world)
    as_(client, database, world, "coordinator")
    answer = client.post(f"/api/v1/cohorts/{world.cohort}/codev-groups", json=group_body(world, **changes))
    assert answer.status_code == 422, answer.text
    assert (code, field) in [(e["code"], e["field"]) for e in answer.json()["errors"]]
    assert row_counts(database, world) == before


BAD_RECORDS = [
    ({"entries": []}, "missing_from_the_record", "entries"),
    ({"turns": [{"position": 0, "client_id": 1, "status": "held"}]}, "greater_than_equal", "turns.0.position"),
    ({"turns": [{"position": 1, "client_id": 10**12, "status": "held"}]}, "not_of_the_group", "turns.0.client_id"),
    ({"turns": [{"position": 1, "client_id": 1, "status": "done"}]}, "enum", "turns.0.status"),
    ({"turns": [{"position": 1, "client_id": 1, "status": "held", "reason": "malade"}]}, "enum", "turns.0.reason"),
    ({"comment": "ce qui s’est dit"}, "extra_forbidden", "comment"),
]


@pytest.mark.parametrize(("changes", "code", "field"), BAD_RECORDS)
def test_invalid_record_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, *, changes: dict[str, object], code: str, field: str
) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    as_(client, database, world, "facilitator")
    body = record_body([m.model_dump() for m in group.members], membership_ids(group)["maude"]) | changes
    answer = client.post(f"/api/v1/codev/sessions/{session_id}/records", json=body)
    assert answer.status_code == 422, answer.text
    assert (code, field) in [(e["code"], e["field"]) for e in answer.json()["errors"]]
    assert row_counts(database, world)["codev_record"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"activity_code": "GEN-1.B", "starts_at": FIRST.isoformat()}, "not_a_codev_activity"),
        ({"activity_code": "GEN-7.A\u0000", "starts_at": FIRST.isoformat()}, "refused_character"),
        ({"activity_code": "GEN-7.A", "starts_at": "2026-11-22T17:00:00"}, "timezone_aware"),
        ({"activity_code": "GEN-7.A", "starts_at": "2126-11-22T17:00:00Z"}, "session_far_from_cohort"),
        ({"activity_code": "GEN-7.A", "starts_at": FIRST.isoformat(), "planned_minutes": 5}, "greater_than_equal"),
    ],
)
def test_invalid_session_is_refused_and_writes_nothing(
    client: TestClient, database: Database, world: World, body: dict[str, object], code: str
) -> None:
    group = create_group(database, world)
    as_(client, database, world, "coordinator")
    answer = client.post(f"/api/v1/codev/groups/{group.id}/sessions", json=body)
    assert answer.status_code == 422, answer.text
    assert code in [e["code"] for e in answer.json()["errors"]]
    assert row_counts(database, world)["codev_session"] == 0
