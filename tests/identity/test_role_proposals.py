"""A registrar's role starts once a second administrator has confirmed it."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.identity.roles.models import RoleGrantRow, RoleProposal
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.permissions import Role
from tests.factories.network import World, as_, count

V1 = "/api/v1"


@pytest.fixture
def proposal(database: Database, world: World) -> int:
    """Return the id of the role of registrar that the administrator gives to the facilitator."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["observer"], Role.ADMIN)
        grant_role(
            db, world.people["facilitator"], Role.REGISTRAR, college_id=world.alma, granted_by=world.people["admin"]
        )
        return db.exec(select(RoleProposal.id)).one()


def roles(database: Database, world: World, who: str) -> set[str]:
    """Return the roles that someone holds in Alma."""
    with database.transaction(colleges=[world.alma]) as db:
        held = select(RoleGrantRow.role).where(
            RoleGrantRow.person_id == world.people[who], RoleGrantRow.college_id == world.alma
        )
        return set(db.exec(held).all())


def test_proposed_role_starts_once_another_administrator_confirms_it(
    client: TestClient, database: Database, world: World, proposal: int
) -> None:
    assert roles(database, world, "facilitator") == {Role.FACILITATOR}
    as_(client, database, world, "admin")
    own = client.post(f"{V1}/role-proposals/{proposal}/decision", json={"accept": True})
    assert (own.status_code, own.json()["code"]) == (403, "second_person_needed")
    assert client.get(f"{V1}/role-proposals").json()["items"][0]["mine"] is True
    assert 'value="true"' not in client.get("/roles").text
    as_(client, database, world, "observer")
    assert 'value="true"' in client.get("/roles").text
    assert client.post(f"/roles/{proposal}/decision", data={"accept": "true"}).headers["location"] == "/roles"
    assert roles(database, world, "facilitator") == {Role.FACILITATOR, Role.REGISTRAR}
    again = client.post(f"{V1}/role-proposals/{proposal}/decision", json={"accept": False})
    assert (again.status_code, again.json()["code"]) == (409, "role_decided")


def test_refused_role_never_starts(client: TestClient, database: Database, world: World, proposal: int) -> None:
    as_(client, database, world, "admin")
    assert client.post(f"{V1}/role-proposals/{proposal}/decision", json={"accept": False}).status_code == 204
    assert roles(database, world, "facilitator") == {Role.FACILITATOR}
    assert "Aucun rôle" in client.get("/roles").text


def test_same_role_proposed_twice_is_one_proposal(database: Database, world: World, proposal: int) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(
            db, world.people["facilitator"], Role.REGISTRAR, college_id=world.alma, granted_by=world.people["admin"]
        )
        assert count(db, "role_proposal") == 1


def test_role_that_a_command_gives_starts_at_once(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["facilitator"], Role.REGISTRAR, college_id=world.alma)
    assert roles(database, world, "facilitator") == {Role.FACILITATOR, Role.REGISTRAR}


ENDS = {
    "app/cohorts/enrolments/service.py": "the state, reopened or corrected with a reason (tests/cohorts/test_undo.py)",
    "app/codev/groups/service.py": "a departure or a hand-over, taken back (tests/codev/test_undo.py)",
}
"""The only verbs that end a role, with their way back."""


def test_every_verb_that_ends_a_role_has_its_way_back() -> None:
    """What will end roles elsewhere says how they are given again."""
    callers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        if "revoke_role(" in path.read_text(encoding="utf-8") and path.parent.name != "roles"
    }
    assert callers == ENDS.keys()
