"""What each request costs in statements, whatever it asks: literal counts, so that another one is a decision."""

import os
import socket
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.learning.activities import service as activities
from app.learning.activities.schemas import CompletionCommand
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P
from tests.factories import accompaniment as mandates
from tests.factories.cohorts import called, meeting
from tests.factories.grading import ALL_CN01, hand_in, hold_session, judge, judge_command
from tests.factories.network import PARTICIPANTS, World, as_, see
from tests.factories.statements import recorded_statements

STATEMENTS = {
    ("maude", "/api/v1/me"): 2,
    ("maude", "/api/v1/me/progress"): 2,
    ("maude", "/parcours/{enrolment}"): 9,
    ("coordinator", "/cohortes/{cohort}"): 14,
    ("coordinator", "/api/v1/cohorts/{cohort}/board"): 4,
}
"""The opening with who is signed in and their roles, then what the request asks; beside begin and commit."""


@pytest.mark.parametrize(("who", "path"), STATEMENTS)
def test_request_sends_a_literal_number_of_statements(
    client: TestClient, database: Database, world: World, who: str, path: str
) -> None:
    as_(client, database, world, who)
    address = path.format(enrolment=world.enrolments["maude"], cohort=world.cohort)
    with recorded_statements(database) as statements:
        assert client.get(address).status_code == 200
    assert len(statements) == STATEMENTS[who, path], statements
    assert "authenticate_secret" in statements[0]


def judgement(database: Database, world: World) -> tuple[str, dict[str, Any]]:
    """Return a judgement that supersedes the third one of a chain, resting on two kinds of evidence."""
    evidence = [hand_in(database, world), hold_session(database, world)]
    before: int | None = None
    for level in (1, 2, 3):
        criteria = ALL_CN01[:level]
        reason = None if before is None else "Relu"
        command = judge_command(*evidence, level=level, criteria_met=criteria, supersedes=before, reason=reason)
        before = judge(database, world, command).id
    refs = [ref.model_dump(mode="json") for ref in evidence]
    body = {
        "competency_code": "CN-01", "level": 2, "criteria_met": ALL_CN01[:2], "evidence": refs, "supersedes": before,
        "reason": "Révisé",
    }  # fmt: skip
    return f"/enrolments/{world.enrolments['maude']}/judgements", body


def completion(database: Database, world: World) -> tuple[str, dict[str, Any]]:
    """Return an activity marked done, after it was marked and unmarked."""
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "maude", P.ACTIVITY_DO)
        for done in (True, False):
            activities.complete(db, actor, enrolment, CompletionCommand(activity_code="GEN-1.A", done=done))
    return f"/enrolments/{world.enrolments['maude']}/completions", {"activity_code": "GEN-1.A"}


def text_handed_in(_: Database, world: World) -> tuple[str, dict[str, Any]]:
    """Return a text to hand in."""
    return f"/enrolments/{world.enrolments['maude']}/hand-ins", {"activity_code": "GEN-1.C", "body": "Ma carte"}


def roll_call(database: Database, world: World) -> tuple[str, dict[str, Any]]:
    """Return the correction of a roll call of four: one line changes."""
    session = meeting(database, world)
    before = called(database, world, session)
    line = {"status": "present", "minutes": 180, "mode": "onsite"}
    entries = [{"enrolment_id": world.enrolments[who], **line} for who in PARTICIPANTS]
    entries[0] |= {"status": "absent", "minutes": 0, "mode": None}
    return f"/sessions/{session}/roll-call", {"entries": entries, "supersedes": before, "reason": "Absente"}


def mandate_date(database: Database, world: World) -> tuple[str, dict[str, Any]]:
    """Return the date of a mandate's agreement."""
    mandate = mandates.open_mandate(database, world)
    body = {"kind": "agreement", "happened_on": today().isoformat(), "confidentiality_clause": True}
    return f"/mandates/{mandate.id}/milestones", body


Prepare = Callable[[Database, World], tuple[str, dict[str, Any]]]
WRITES: dict[tuple[str, Prepare], int] = {
    ("trainer", judgement): 15,
    ("maude", completion): 11,
    ("maude", text_handed_in): 13,
    ("trainer", roll_call): 17,
    ("maude", mandate_date): 16,
}
"""All statements of a write: its opening, its object, what the rules ask, its rows, progress, and the records."""


@pytest.mark.parametrize(("who", "prepare"), WRITES)
def test_write_sends_a_literal_number_of_statements(
    client: TestClient, database: Database, world: World, who: str, prepare: Prepare
) -> None:
    path, body = prepare(database, world)
    as_(client, database, world, who)
    with recorded_statements(database) as statements:
        answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 201, answer.text
    assert len(statements) == WRITES[who, prepare], statements


def test_connections_that_ended_are_replaced_before_a_request_uses_them(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    assert client.get("/api/v1/me").status_code == 200
    with database.as_owner() as db:
        mine = "usename = :login and datname = current_database()"
        ended = db.execute(
            text(f"select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where {mine}"),  # noqa: S608
            {"login": database.request_engine.url.username},
        ).scalar_one()
    assert ended > 0
    assert client.get("/api/v1/me").status_code == 200


def test_connection_lost_while_it_commits_is_an_outage(database: Database) -> None:
    """As when the server is killed: nothing says why, and a request gets 503, not 500."""
    with database.request_engine.connect() as connection:
        lost = connection.connection.driver_connection
        assert isinstance(lost, psycopg.Connection)
        with socket.socket(fileno=os.dup(lost.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        connection.begin()
        with pytest.raises(OperationalError):
            connection.commit()
