"""The search of every page: what each role finds, however it is typed, and what it never finds."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories import eligible
from tests.factories.accompaniment import NEQ, add_enterprise, new_enterprise, open_mandate
from tests.factories.cohorts import page
from tests.factories.network import World, api_token, as_, count
from tests.factories.statements import recorded_statements

API = "/api/v1/search"


def found(client: TestClient, typed: str, **more: int) -> dict[str, Any]:
    """Return what the API answers to a search."""
    answer = client.get(API, params={"search": typed, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def names(client: TestClient, typed: str, kind: str = "people") -> list[str]:
    """Return the names or titles found of a kind."""
    return [row.get("name") or row.get("title") or row["number"] for row in found(client, typed)[kind]]


@pytest.fixture
def certified(client: TestClient, database: Database, world: World) -> str:
    """Maude is certified; return the number."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/certificates"
    issued = client.post(path, json={"kind": "attestation_participation"}, headers={"Idempotency-Key": "search"})
    assert issued.status_code == 201, issued.text
    number: str = issued.json()["number"]
    return number


@pytest.mark.parametrize("typed", ["berube", "Bérubé", "BERUBE maude", "maude b", "erub"])
@pytest.mark.parametrize("who", ["coordinator", "registrar", "trainer", "admin", "maude"])
def test_person_is_found_by_those_who_may_read_them(
    client: TestClient, database: Database, world: World, who: str, typed: str
) -> None:
    assert names(as_(client, database, world, who), typed) == ["Maude Bérubé"]


@pytest.mark.parametrize("who", ["karim", "facilitator", "observer", "nobody", "other_coordinator", "other_trainer"])
def test_person_is_not_found_by_anyone_else(client: TestClient, database: Database, world: World, who: str) -> None:
    body = found(as_(client, database, world, who), "berube")
    assert (body["people"], body["more"]) == ([], [])


def test_colleague_is_found_with_their_roles_in_ones_college_alone(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    [theo] = found(client, "theo")["people"]
    assert [(place["role"], place["cohort_id"]) for place in theo["places"]] == [
        ("trainer", None),
        ("trainer", world.cohort),
    ]
    assert found(client, "tania")["people"] == []
    as_(client, database, world, "trainer")
    assert found(client, "corinne")["people"] == []


@pytest.mark.parametrize(
    ("state", "trainer_finds"), [("applied", 0), ("waitlisted", 0), ("refused", 0), ("withdrawn", 1)]
)
def test_application_is_found_by_who_answers_it_and_its_author_with_its_state(
    client: TestClient, database: Database, world: World, state: str, trainer_finds: int
) -> None:
    with database.as_owner() as db:
        changed = text("update enrolment set state = :state where id = :id")
        db.execute(changed, {"state": state, "id": world.enrolments["maude"]})
    assert len(names(as_(client, database, world, "trainer"), "berube")) == trainer_finds
    for who in ("coordinator", "maude"):
        [maude] = found(as_(client, database, world, who), "berube")["people"]
        assert [place["state"] for place in maude["places"]] == [state]


def test_one_who_left_every_role_is_found_no_more(client: TestClient, database: Database, world: World) -> None:
    with database.as_owner() as db:
        db.execute(text("update role_held set ended_at = now() where person_id = :id"), {"id": world.people["trainer"]})
    as_(client, database, world, "coordinator")
    assert found(client, "theo")["people"] == []
    as_(client, database, world, "admin")
    assert [p["places"] for p in found(client, "theo")["people"]] == [[]]
    assert 'href="/comptes?recherche=Th%C3%A9o+Formation"' in page(client.get("/recherche?recherche=theo"))


def test_cohort_activity_and_enterprise_are_found(client: TestClient, database: Database, world: World) -> None:
    add_enterprise(database, world, new_enterprise(name="Érablière du Lac"))
    as_(client, database, world, "coordinator")
    assert names(client, "generaliste alm", "cohorts") == ["Généraliste GEN-ALM-1"]
    assert names(client, "GEN-ROU-1", "cohorts") == []
    assert names(client, "erabliere", "enterprises") == ["Érablière du Lac"]
    assert names(client, f"{NEQ[:4]} {NEQ[4:7]} {NEQ[7:]}", "enterprises") == ["Érablière du Lac"]
    [first, *_] = found(client, "gen-1.a")["activities"]
    assert (first["code"], first["enrolment_id"]) == ("GEN-1.A", None)


def test_participant_finds_own_activities_own_mandates_and_open_cohorts(
    client: TestClient, database: Database, world: World
) -> None:
    open_mandate(database, world)
    add_enterprise(database, world, new_enterprise(name="Scierie d’un autre", neq=None))
    as_(client, database, world, "maude")
    [first, *_] = found(client, "gen-1.a")["activities"]
    assert first["enrolment_id"] == world.enrolments["maude"]
    assert len(found(client, "scierie")["enterprises"]) == 1
    assert names(client, "gen-alm", "cohorts") == ["Généraliste GEN-ALM-1"]
    assert names(client, "gen-rou", "cohorts") == []
    assert names(client, "gen-rou", "open_cohorts") == ["Généraliste GEN-ROU-1"]
    as_(client, database, world, "coordinator")  # whose menu does not lead to them
    assert names(client, "gen-rou", "open_cohorts") == []
    with database.as_owner() as db:
        db.execute(text("update cohort set applications_open = false"))
    as_(client, database, world, "maude")
    assert names(client, "gen-rou", "open_cohorts") == []


CERTIFIED = {
    "registrar": True, "coordinator": True, "maude": True, "karim": False, "trainer": False, "other_registrar": False,
    "admin": False,
}  # fmt: skip


@pytest.mark.parametrize("who", CERTIFIED)
def test_certificate_is_found_by_its_number_however_it_is_typed(
    client: TestClient, database: Database, world: World, certified: str, who: str
) -> None:
    as_(client, database, world, who)
    for typed in (certified, certified.lower(), certified.replace("-", " "), f" no {certified.lower()} "):
        assert names(client, typed, "certificates") == ([certified] if CERTIFIED[who] else [])


def test_kind_of_which_there_are_more_is_named_and_leads_to_its_list(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    body = found(client, "co", limit=1)  # Corinne Coordination, Élise Lœwen-Côté
    assert ([p["name"] for p in body["people"]], "people" in body["more"]) == (["Corinne Coordination"], True)
    assert "people" not in found(client, "co", limit=2)["more"]
    for n in range(7):
        add_enterprise(database, world, new_enterprise(name=f"Activité {n}", neq=None))
    html = page(client.get("/recherche", params={"recherche": "activite"}))
    assert html.count('href="/entreprises?recherche=Activit') == 5
    assert 'href="/entreprises?recherche=activite"' in html


def test_person_leads_to_their_file_and_the_search_itself_is_not_logged(
    client: TestClient, database: Database, world: World
) -> None:
    """As the register and the directory of a college: a list of names is no file."""
    as_(client, database, world, "coordinator")
    with database.as_owner() as db:
        before = count(db, "view_log")
    html = page(client.get("/recherche", params={"recherche": "maude"}))
    assert found(client, "maude")["people"]
    with database.as_owner() as db:
        assert count(db, "view_log") == before
    address = f"/inscriptions/{world.enrolments['maude']}"
    assert f'<a href="{address}">Maude Bérubé</a>' in html
    page(client.get(address))
    with database.as_owner() as db:
        assert count(db, "view_log") == before + 1


def test_box_stands_on_every_page_of_who_is_signed_in_and_keeps_what_was_typed(
    client: TestClient, database: Database, world: World
) -> None:
    assert 'action="/recherche"' not in page(client.get("/verification"))
    as_(client, database, world, "maude")
    for path in ("/", "/parcours-publies/generaliste/1.0", "/recherche"):
        form = re.search(r'<form class="seek" method="get" action="/recherche".*?</form>', page(client.get(path)), re.S)
        assert form is not None, path
        assert re.search(r'<label [^>]*for="site-search">.+?</label><input id="site-search" name="recherche"', form[0])
    html = client.get("/recherche", params={"recherche": "maude <b>"}).text
    assert 'value="maude &lt;b&gt;"' in html
    assert client.get("/introuvable").text.count('class="seek"') == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Écrivez dans le champ du haut"),
        ("z", "Une seule lettre ne suffit pas"),
        ("zzzz", "Rien ne correspond à cette recherche"),
        ("???", "Rien ne correspond à cette recherche"),
    ],
)
def test_search_that_finds_nothing_says_so(
    client: TestClient, database: Database, world: World, typed: str, sentence: str
) -> None:
    as_(client, database, world, "coordinator")
    assert sentence in page(client.get("/recherche", params={"recherche": typed}))


@pytest.mark.parametrize("query", [{"search": "x" * 101}, {"search": "x", "unknown": "1"}, {"limit": "0"}])
def test_search_that_is_no_search_is_refused(
    client: TestClient, database: Database, world: World, query: dict[str, str]
) -> None:
    as_(client, database, world, "coordinator")
    assert client.get(API, params=query).status_code == 422


def test_token_finds_what_its_scope_reads_alone(client: TestClient, database: Database, world: World) -> None:
    add_enterprise(database, world, new_enterprise(name="Scierie Maude"))
    secret = api_token(database, world, "coordinator", Permission.ME_READ, Permission.COHORT_READ)
    client.headers["Authorization"] = f"Bearer {secret}"
    body = found(client, "gen")
    assert [c["code"] for c in body["cohorts"]] == ["GEN-ALM-1"]
    body = found(client, "maude")
    assert (body["people"], body["enterprises"]) == ([], [])


STATEMENTS = {"coordinator": 9, "maude": 12, "nobody": 5}


@pytest.mark.parametrize("who", STATEMENTS)
def test_search_sends_a_literal_number_of_statements(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    as_(client, database, world, who)
    with recorded_statements(database) as statements:
        found(client, "maude")
    assert len(statements) == STATEMENTS[who], statements


def test_word_of_the_lexicon_is_found_with_its_page(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    body = found(client, "fiche d’orientation")
    assert body["terms"][0] == {"slug": "fiche-d-orientation", "name": "Fiche d’orientation"}
    html = page(client.get("/recherche", params={"recherche": "renseignement"}))
    assert '<a href="/lexique/renseignement-personnel">Renseignement personnel</a>' in html
    assert "Voir tous les mots trouvés" in html
