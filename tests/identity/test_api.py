"""Signing in as a program, who one is, the people of a college."""

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
    """The answer to a sign-in."""
    answer = client.post("/api/v1/sign-ins", json={"email": email, "password": password})
    return {"status": answer.status_code, **answer.json()}


def bearer(client: TestClient, world: World, who: str) -> dict[str, str]:
    """Headers of a program that signed in with a password."""
    return {"Authorization": f"Bearer {sign_in(client, world.emails[who])['token']}"}


def change(database: Database, statement: str, **values: object) -> None:
    """Change accounts and sign-ins from behind."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_a_token_opens_the_service_until_it_is_ended(client: TestClient, world: World) -> None:
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


def test_the_address_is_recognised_however_it_is_typed(client: TestClient, world: World) -> None:
    assert sign_in(client, f"  {world.emails['maude'].upper()} ")["status"] == 201


def test_the_refusal_says_nothing_of_who_exists(client: TestClient, world: World, database: Database) -> None:
    wrong = sign_in(client, world.emails["maude"], "ce n’est pas la bonne phrase")
    stranger = sign_in(client, "personne@escouade.example.com")
    change(database, "update account set suspended_at = now() where email = :email", email=world.emails["karim"])
    suspended = sign_in(client, world.emails["karim"])
    assert wrong["status"] == 401
    assert wrong == stranger == suspended


def test_only_the_digest_of_a_token_is_kept(client: TestClient, world: World, database: Database) -> None:
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
def test_a_sign_in_that_is_over_is_refused(
    client: TestClient, world: World, database: Database, statement: str
) -> None:
    headers = bearer(client, world, "maude")
    change(database, statement, before=now() - timedelta(hours=4))
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_use_keeps_a_sign_in_alive(client: TestClient, world: World, database: Database) -> None:
    headers = bearer(client, world, "maude")
    change(database, "update sign_in set seen_at = :before", before=now() - timedelta(hours=2))
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    with database.engine.connect() as connection:
        seen_at = connection.execute(text("select seen_at from sign_in")).scalar_one()
    assert now() - seen_at < timedelta(minutes=1)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer nothing", "Basic bWF1ZGU6eA==", "bearer"])
def test_other_credentials_are_no_sign_in(client: TestClient, header: str) -> None:
    assert client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def people(client: TestClient, college: int, **query: object) -> list[str]:
    """Names found, in order."""
    answer = client.get(f"/api/v1/colleges/{college}/people", params=query)
    assert answer.status_code == 200
    return [row["name"] for row in answer.json()["items"]]


def test_the_people_of_a_college_by_name(client: TestClient, database: Database, world: World) -> None:
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


def test_the_longest_names_that_fold_longer_are_known(database: Database) -> None:
    """A ligature opens in the search key: 400 letters may become 800."""
    command = NewPerson(legal_first_name="œ" * 100, legal_last_name="æ" * 100, chosen_name="œ" * 200)
    with database.transaction() as db:
        person = add_person(db, command)
        assert person.search_key == "ae" * 100 + " " + "oe" * 100 + " " + "oe" * 9


@pytest.mark.parametrize("search", ["lœwen", "LOEWEN cote", "elise", "Côté É", "wen-co"])
def test_search_ignores_accents_case_and_order(
    client: TestClient, database: Database, world: World, search: str
) -> None:
    as_(client, database, world, "registrar")
    assert people(client, world.alma, search=search) == ["Élise Lœwen-Côté"]


@pytest.mark.parametrize("search", ["%", "_", "maude karim", "zzz"])
def test_search_finds_words_only(client: TestClient, database: Database, world: World, search: str) -> None:
    as_(client, database, world, "registrar")
    found = people(client, world.alma, search=search)
    # A sign alone is no word: everyone is shown, as when nothing is searched.
    assert len(found) == (8 if search in "%_" else 0)


def test_the_roles_are_those_of_the_college(client: TestClient, database: Database, world: World) -> None:
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


def test_pages_follow_one_another_without_gap(client: TestClient, database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        for _ in range(3):  # namesakes: the order needs more than the name
            person = add_person(db, NewPerson(legal_first_name="Zoé", legal_last_name="Côté"))
            grant_role(db, person.id, Role.TRAINER, college_id=world.alma)
    as_(client, database, world, "coordinator")
    whole = client.get(f"/api/v1/colleges/{world.alma}/people").json()["items"]
    assert len(whole) == 11
    found: list[object] = []
    after: int | None = None
    while True:
        query = {"limit": 2} if after is None else {"limit": 2, "after": after}
        page = client.get(f"/api/v1/colleges/{world.alma}/people", params=query).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break
    assert found == whole


def test_a_cursor_says_nothing_of_people_of_another_college(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    # Ailleurs comes first of all by name: a cursor that knew her would let everyone follow.
    assert people(client, world.alma, after=world.people["other_trainer"]) == []
    assert people(client, world.alma, after=999_999) == []


def test_people_of_another_college_are_not_there(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    other = client.get(f"/api/v1/colleges/{world.rouyn}/people")
    missing = client.get("/api/v1/colleges/999999/people")
    assert (other.status_code, other.content) == (404, missing.content)
    as_(client, database, world, "admin")
    assert "Tania Ailleurs" in people(client, world.rouyn)


@pytest.mark.parametrize("who", ["maude", "trainer", "facilitator", "observer", "nobody"])
def test_others_may_not_list_people(client: TestClient, database: Database, world: World, who: str) -> None:
    as_(client, database, world, who)
    assert client.get(f"/api/v1/colleges/{world.alma}/people").status_code == 403
