"""Every search finds a person, a cohort or an enterprise however people type its name."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.models import cohort_search_key
from app.platform.database.transaction import Database
from app.platform.search import search_key
from tests.factories import eligible
from tests.factories.accompaniment import add_enterprise, new_enterprise
from tests.factories.network import World, as_

API = "/api/v1"
PERSON = ("Łukasz", "O’Neil-St-Pierre")
SEARCHES = (
    "lukasz", "oneil", "o'neil lukasz", "O Neil", "saint-pierre", "st pierre", "Saint\u2011Pierre", "Łu\u200bkasz",
)  # fmt: skip
COHORTS = ("sainte-foy", "ste foy", "stefoy", "gen-alm-1", "GEN\u2011ALM\u20111", "ancienne lorette", "lancienne")


@pytest.fixture
def named(client: TestClient, database: Database, world: World) -> TestClient:
    """A registrar, and a participant, a cohort and an enterprise with names that people write in many ways."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.as_owner() as db:
        db.execute(
            text("update person set legal_first_name = :f, legal_last_name = :l, search_key = :k where id = :id"),
            {"f": PERSON[0], "l": PERSON[1], "k": search_key(f"{PERSON[1]} {PERSON[0]}"), "id": world.people["maude"]},
        )
        key = cohort_search_key("Cohorte de Ste-Foy", "GEN-ALM-1", "L’Ancienne-Lorette")
        db.execute(
            text("update cohort set title = :title, place = :place, search_key = :k where id = :id"),
            {"title": "Cohorte de Ste-Foy", "place": "L’Ancienne-Lorette", "k": key, "id": world.cohort},
        )
    add_enterprise(database, world, new_enterprise(name="Érablière O’Brien & St-Laurent", neq=None))
    as_(client, database, world, "registrar")
    path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
    issued = client.post(path, json={"kind": "attestation_participation"}, headers={"Idempotency-Key": "search"})
    assert issued.status_code == 201, issued.text
    return client


@pytest.mark.parametrize("search", SEARCHES)
def test_person_is_found_in_every_list(named: TestClient, database: Database, world: World, search: str) -> None:
    name = " ".join(PERSON)
    searched = {"search": search}
    people = named.get(f"{API}/colleges/{world.alma}/people", params=searched).json()["items"]
    register = named.get(f"{API}/colleges/{world.alma}/certificates", params=searched).json()["items"]
    assert [row["name"] for row in people] == [name]
    assert [row["holder"] for row in register] == [name]
    as_(named, database, world, "coordinator")
    board = named.get(f"{API}/cohorts/{world.cohort}/board", params=searched).json()
    assert [row["name"] for row in board] == [name]
    as_(named, database, world, "admin")
    assert [row["name"] for row in named.get(f"{API}/accounts", params=searched).json()["items"]] == [name]


@pytest.mark.parametrize("search", COHORTS)
def test_cohort_is_found(named: TestClient, database: Database, world: World, search: str) -> None:
    as_(named, database, world, "coordinator")
    assert "Cohorte de Ste-Foy" in named.get("/cohortes", params={"recherche": search}).text
    with database.as_owner() as db:
        db.execute(text("update cohort set applications_open = true where id = :id"), {"id": world.cohort})
    as_(named, database, world, "nobody")
    assert "Cohorte de Ste-Foy" in named.get("/cohortes-ouvertes", params={"recherche": search}).text


@pytest.mark.parametrize("search", ["obrien", "o brien", "saint-laurent", "st laurent", "erabliere"])
def test_enterprise_is_found(named: TestClient, database: Database, world: World, search: str) -> None:
    as_(named, database, world, "coordinator")
    answer = named.get(f"{API}/enterprises", params={"search": search})
    assert [row["name"] for row in answer.json()["items"]] == ["Érablière O’Brien & St-Laurent"]


WORDS = """
    select (select array_agg(distinct (part, college_id, person_id)::text) from person_word),
           (select array_agg(distinct (part, college_id, enterprise_id)::text) from enterprise_word)
"""


def test_words_are_kept_as_they_would_be_filled_again(named: TestClient, database: Database, world: World) -> None:
    """After names changed, people applied and roles were given: nothing is missing, nothing is left."""
    assert named.get("/").status_code == 200
    with database.as_owner() as db:
        db.execute(text("update person set search_key = 'autre nom' where id = :id"), {"id": world.people["karim"]})
    with database.as_owner() as db:
        kept = db.execute(text(WORDS)).one()
        db.execute(text("select rebuild_search_words()"))
        assert db.execute(text(WORDS)).one() == kept
        assert "(autre,1," in " ".join(kept[0])


def test_words_of_another_college_are_out_of_reach(named: TestClient, database: Database, world: World) -> None:
    assert named.get("/").status_code == 200
    with database.transaction(colleges=[world.rouyn]) as db:
        statement = "select distinct college_id from person_word where college_id is not null"
        assert db.execute(text(statement)).scalars().all() == [world.rouyn]
        assert db.execute(text("select count(*) from enterprise_word")).scalar_one() == 0


@pytest.mark.parametrize(
    ("search", "names"), [("n", []), ("n lukasz", [" ".join(PERSON)]), ("ukas", [" ".join(PERSON)])]
)
def test_single_letter_finds_only_a_word_of_one_letter(
    named: TestClient, world: World, search: str, names: list[str]
) -> None:
    found = named.get(f"{API}/colleges/{world.alma}/people", params={"search": search}).json()["items"]
    assert [row["name"] for row in found] == names
