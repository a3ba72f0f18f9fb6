"""One's own rows are reached through the role held in their college, and through no other."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.network import World, as_


def moved_away(database: Database, world: World) -> None:
    """Maude holds nothing in Alma any more, and follows something in Rouyn."""
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
def test_a_role_in_another_college_opens_nothing_of_the_first(
    client: TestClient, database: Database, world: World, method: str, path: str
) -> None:
    moved_away(database, world)
    as_(client, database, world, "maude")
    body = {"json": {"activity_code": "GEN-1.A"}} if method == "POST" else {}
    answer = client.request(method, path.format(id=world.enrolments["maude"]), **body)  # type: ignore[arg-type]
    assert answer.status_code == 404, answer.text
