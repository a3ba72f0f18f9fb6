"""The JSON routes for signing in, for who is signed in, and for the people of a college."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.people.schemas import NewPerson
from app.people.service import add_person
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Role
from tests.factories.network import PASSWORD, World, as_


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> dict[str, object]:
    """Return the status and the body of a sign-in."""
    answer = client.post("/api/v1/sign-ins", json={"email": email, "password": password})
    return {"status": answer.status_code, **answer.json()}


def bearer(client: TestClient, world: World, who: str) -> dict[str, str]:
    """Return the headers of a program that signed in with a password."""
    return {"Authorization": f"Bearer {sign_in(client, world.emails[who])['token']}"}


def change(database: Database, statement: str, **values: object) -> None:
    """Execute a statement as the owner of the database."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_bearer_token_is_accepted_until_sign_out(client: TestClient, world: World) -> None:
    headers = bearer(client, world, "maude")
    assert client.get("/api/v1/me", headers=headers).json() == {
        "person_id": world.people["maude"],
        "name": "Maude Bérubé",
        "roles": [
            {
                "role": "participant",
                "college": "Collège d’Alma",
                "college_id": world.alma,
                "cohort": cohort and "Généraliste GEN-ALM-1",
                "cohort_id": cohort,
                "group": None,
                "group_id": None,
                "project_id": None,
            }
            for cohort in (None, world.cohort)
        ],
    }
    assert client.delete("/api/v1/sign-ins/current", headers=headers).status_code == 204
    refused = client.get("/api/v1/me", headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_sign_in_ignores_case_and_spaces_of_the_address(client: TestClient, world: World) -> None:
    assert sign_in(client, f"  {world.emails['maude'].upper()} ")["status"] == 201


def test_sign_in_refusal_is_the_same_whether_the_account_exists(
    client: TestClient, world: World, database: Database
) -> None:
    wrong = sign_in(client, world.emails["maude"], "ce n’est pas la bonne phrase")
    stranger = sign_in(client, "personne@escouade.example.com")
    change(database, "update account set suspended_at = now() where email = :email", email=world.emails["karim"])
    suspended = sign_in(client, world.emails["karim"])
    assert wrong["status"] == 401
    assert wrong == stranger == suspended


def test_bearer_token_is_stored_as_a_digest(client: TestClient, world: World, database: Database) -> None:
    token = sign_in(client, world.emails["maude"])["token"]
    with database.engine.connect() as connection:
        rows = connection.execute(text("select sign_in::text from sign_in")).scalars().all()
    assert len(rows) == 1
    assert str(token) not in rows[0]


@pytest.mark.parametrize(
    "statement",
    [
        "update sign_in set expires_at = :before",
        "update sign_in set seen_at = :before",
        "update sign_in set ended_at = :before",
        "update account set suspended_at = :before",
    ],
)
def test_sign_in_expired_unused_ended_or_suspended_is_refused(
    client: TestClient, world: World, database: Database, statement: str
) -> None:
    headers = bearer(client, world, "maude")
    change(database, statement, before=now() - timedelta(hours=4))
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_sign_in_in_use_updates_its_last_use(client: TestClient, world: World, database: Database) -> None:
    headers = bearer(client, world, "maude")
    change(database, "update sign_in set seen_at = :before", before=now() - timedelta(hours=2))
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    with database.engine.connect() as connection:
        seen_at = connection.execute(text("select seen_at from sign_in")).scalar_one()
    assert now() - seen_at < timedelta(minutes=1)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer nothing", "Basic bWF1ZGU6eA==", "bearer"])
def test_credentials_malformed_are_refused(client: TestClient, header: str) -> None:
    assert client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def people(client: TestClient, college: int, **query: str | int) -> list[str]:
    """Return the names listed, in order."""
    answer = client.get(f"/api/v1/colleges/{college}/people", params=query)
    assert answer.status_code == 200
    return [row["name"] for row in answer.json()["items"]]


def test_people_of_a_college_are_listed_by_name(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert people(client, world.alma) == [
        "Flavie Animation",
        "Maude Bérubé",
        "Corinne Coordination",
        "Théo Formation",
        "Karim Haddad",
        "Élise Lœwen-Côté",
        "Yves O’Brien",
        "Régine Registraire",
    ]


def test_search_key_longer_than_the_name_is_cut(database: Database) -> None:
    """A ligature becomes two letters in the search key: 400 letters may become 800, and their key more."""
    command = NewPerson(legal_first_name="œ" * 100, legal_last_name="æ" * 100, chosen_name="œ" * 200)
    with database.transaction() as db:
        person = add_person(db, command)
        assert person.search_key == "ae" * 100 + " " + "oe" * 100 + " " + "oe" * 99


@pytest.mark.parametrize("search", ["lœwen", "LOEWEN cote", "elise", "Côté É", "wen-co"])
def test_people_search_ignores_accents_case_and_order(
    client: TestClient, database: Database, world: World, search: str
) -> None:
    as_(client, database, world, "registrar")
    assert people(client, world.alma, search=search) == ["Élise Lœwen-Côté"]


@pytest.mark.parametrize("search", ["%", "_", "maude karim", "zzz"])
def test_people_search_takes_wildcards_literally(
    client: TestClient, database: Database, world: World, search: str
) -> None:
    as_(client, database, world, "registrar")
    names = people(client, world.alma, search=search)
    # Punctuation alone is no word: everyone is listed, as without a search.
    assert len(names) == (8 if search in "%_" else 0)


def test_people_show_their_roles_in_that_college_only(client: TestClient, database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["coordinator"], Role.TRAINER, college_id=world.alma)
        grant_role(db, world.people["coordinator"], Role.REGISTRAR, college_id=world.rouyn)
    as_(client, database, world, "coordinator")
    answer = client.get(f"/api/v1/colleges/{world.alma}/people", params={"search": "corinne"})
    assert answer.json() == {
        "items": [
            {
                "id": world.people["coordinator"],
                "name": "Corinne Coordination",
                "roles": ["coordinator", "trainer"],
            }
        ],
        "next": None,
    }


def test_people_pages_follow_one_another_without_gap(client: TestClient, database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        for _ in range(3):  # namesakes: the order needs more than the name
            person = add_person(db, NewPerson(legal_first_name="Zoé", legal_last_name="Côté"))
            grant_role(db, person.id, Role.TRAINER, college_id=world.alma)
    as_(client, database, world, "coordinator")
    whole = client.get(f"/api/v1/colleges/{world.alma}/people").json()["items"]
    assert len(whole) == 11
    items: list[object] = []
    after: int | None = None
    while True:
        query = {"limit": 2} if after is None else {"limit": 2, "after": after}
        page = client.get(f"/api/v1/colleges/{world.alma}/people", params=query).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    assert items == whole


def test_people_cursor_of_another_college_is_refused_as_a_missing_one(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    path = f"/api/v1/colleges/{world.alma}/people"
    other, missing = (client.get(path, params={"after": id_}) for id_ in (world.people["other_trainer"], 999_999))
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "unknown_place")
    assert other.json() == missing.json()


def test_people_of_another_college_are_not_found(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    other = client.get(f"/api/v1/colleges/{world.rouyn}/people")
    missing = client.get("/api/v1/colleges/999999/people")
    assert (other.status_code, other.content) == (404, missing.content)
    as_(client, database, world, "admin")
    assert "Tania Ailleurs" in people(client, world.rouyn)


@pytest.mark.parametrize("who", ["maude", "trainer", "facilitator", "observer", "nobody"])
def test_people_list_by_others_is_forbidden(client: TestClient, database: Database, world: World, who: str) -> None:
    as_(client, database, world, who)
    assert client.get(f"/api/v1/colleges/{world.alma}/people").status_code == 403
