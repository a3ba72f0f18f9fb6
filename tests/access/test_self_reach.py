"""A person's own rows are reached through a role held in their college, and through no other."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.network import World, as_


def move_to_rouyn(database: Database, world: World) -> None:
    """End Maude's roles in Alma, and make her a participant in Rouyn."""
    with database.engine.begin() as connection:
        ended = "update role_held set ended_at = now() where person_id = :person"
        connection.execute(text(ended), {"person": world.people["maude"]})
    with database.transaction(colleges=[world.rouyn]) as db:
        grant_role(db, world.people["maude"], Role.PARTICIPANT, college_id=world.rouyn)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/enrolments/{id}/moves"),
        ("GET", "/api/v1/enrolments/{id}/progress"),
        ("GET", "/api/v1/enrolments/{id}/hand-ins"),
        ("GET", "/api/v1/enrolments/{id}/judgements"),
        ("POST", "/api/v1/enrolments/{id}/completions"),
        ("GET", "/parcours/{id}"),
    ],
)
def test_role_in_another_college_gives_no_access_to_the_first(
    client: TestClient, database: Database, world: World, method: str, path: str
) -> None:
    move_to_rouyn(database, world)
    as_(client, database, world, "maude")
    body = {"json": {"activity_code": "GEN-1.A"}} if method == "POST" else {}
    answer = client.request(method, path.format(id=world.enrolments["maude"]), **body)  # type: ignore[arg-type]
    assert answer.status_code == 404, answer.text
