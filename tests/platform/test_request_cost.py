"""What each request costs in statements, whatever it asks: literal counts, so that another one is a decision."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.factories.network import World, as_
from tests.factories.statements import recorded_statements

STATEMENTS = {
    ("maude", "/api/v1/me"): 2,
    ("maude", "/api/v1/me/progress"): 2,
    ("maude", "/parcours/{enrolment}"): 5,
    ("coordinator", "/cohortes/{cohort}"): 10,
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
