"""Who holds which role: for whom, where, since when, given and confirmed by whom."""

from fastapi.testclient import TestClient
from sqlmodel import select

from app.identity.roles.models import RoleProposal
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.network import World, as_

HELD = "/api/v1/roles-held"


def held(client: TestClient, **query: str) -> set[tuple[str, str]]:
    """Return ``(person, role)`` of the roles that the API returns."""
    items = client.get(HELD, params={"limit": 100, **query}).json()["items"]
    return {(item["person"], item["role"]) for item in items}


def test_administrator_sees_every_role_but_those_of_participants(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    roles = held(client)
    assert {("Ariane Administration", "admin"), ("Octave Observateur", "observer")} <= roles
    assert {("Corinne Coordination", "coordinator"), ("Odile Ailleurs", "coordinator")} <= roles
    assert "participant" not in {role for _, role in roles}


def test_registrar_sees_the_roles_of_their_college_alone(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    items = client.get(HELD, params={"limit": 100}).json()["items"]
    assert {item["college"] for item in items} == {"Collège d’Alma"}
    assert "Odile Ailleurs" not in client.get("/roles-tenus").text


def test_role_search_ignores_accents_and_case(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    assert held(client, search="REGINE") == {("Régine Registraire", "registrar")}
    assert held(client, search="octave") == {("Octave Observateur", "observer")}
    page = client.get("/roles-tenus", params={"recherche": "regine"}).text
    assert "1 rôle<" in page


def test_role_that_takes_two_says_who_gave_and_who_confirmed_it(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["observer"], Role.ADMIN)
        giver = world.people["admin"]
        grant_role(db, world.people["facilitator"], Role.REGISTRAR, college_id=world.alma, granted_by=giver)
        proposal = db.exec(select(RoleProposal.id)).one()
    as_(client, database, world, "observer")
    page = client.get("/roles-tenus").text
    assert "1 rôle attend la confirmation d’une deuxième personne." in page
    client.post(f"/api/v1/role-proposals/{proposal}/decision", json={"accept": True})
    items = client.get(HELD, params={"search": "flavie"}).json()["items"]
    [registrar] = [item for item in items if item["role"] == "registrar"]
    assert (registrar["granted_by"], registrar["confirmed_by"]) == ("Ariane Administration", "Octave Observateur")
    others = {(item["granted_by"], item["confirmed_by"]) for item in items if item["role"] != "registrar"}
    assert others == {(None, None)}
    assert "Confirmé par Octave Observateur" in client.get("/roles-tenus").text
    assert "attend la confirmation" not in client.get("/roles-tenus").text


def test_role_ended_leaves_the_list_for_the_ended_ones(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    items = client.get(HELD, params={"search": "theo"}).json()["items"]
    whole = next(item for item in items if item["cohort"] is None)
    assert client.post(f"/api/v1/staff-roles/{whole['id']}/end", json={"reason": "Départ."}).status_code == 204
    assert held(client, search="theo") == set()
    page = client.get("/roles-tenus", params={"etat": "termine", "recherche": "theo"}).text
    assert "Théo Formation" in page
    assert f'href="/roles-tenus/{whole["id"]}"' in page


def test_roles_are_filtered_by_role_and_college(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    page = client.get("/roles-tenus", params={"role": "coordinator", "college": world.rouyn}).text
    assert "Odile Ailleurs" in page
    assert "Corinne Coordination" not in page
