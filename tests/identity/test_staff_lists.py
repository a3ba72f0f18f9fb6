"""A list of new staff by page and by the API: held to what one invitation is, all rows or none."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.factories.network import World, as_
from tests.factories.outbox import link_in, messages

HEADER = "courriel;prenom;nom;role;cohorte"
LEA = "Lea@Alma.example.com;Léa;Nouvelle;Formatrice;"
CLOSE = "update college set closed_at = now(), closed_reason = 'Départ.' where id = :id"
MAX = "max@alma.example.com;Max;Autre;coordonnateur;"


def plain(page: str) -> str:
    """Return a page's text with ordinary spaces."""
    return unescape(page).replace("\u00a0", " ").replace("\u202f", " ")


def path(world: World) -> str:
    return f"/colleges/{world.alma}/personnel/ajout"


def post(client: TestClient, world: World, *rows: str, **more: str) -> str:
    answer = client.post(path(world), data={"people": "\n".join((HEADER, *rows)), **more})
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def confirm(client: TestClient, world: World, *rows: str, **more: str) -> str:
    """Read a list back, then confirm what was read."""
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', post(client, world, *rows, **more))
    return post(client, world, *rows, confirmed=digest, **more)


def written(database: Database) -> list[tuple[str, str | None, int | None, int | None]]:
    """Return the invitations: address, role, college, cohort."""
    rows = text("select email, role, college_id, cohort_id from invitation order by id")
    with database.engine.connect() as owner:
        return [tuple(row) for row in owner.execute(rows)]


@pytest.fixture
def registrar(client: TestClient, database: Database, world: World) -> TestClient:
    return as_(client, database, world, "registrar")


def code_of(database: Database, cohort: int) -> str:
    with database.engine.connect() as owner:
        return str(owner.execute(text("select code from cohort where id = :id"), {"id": cohort}).scalar_one())


def test_list_of_staff_is_read_back_then_everyone_is_invited_to_their_role_by_one_letter(
    registrar: TestClient, database: Database, world: World
) -> None:
    code = code_of(database, world.cohort)
    rows = (f"{LEA}{code.lower()}", LEA.replace("Formatrice", "animatrice"), MAX)
    page = post(registrar, world, *rows)
    assert page.count("Recevra une invitation à ce rôle") == 3
    assert (written(database), messages(database)) == ([], [])
    assert confirm(registrar, world, *rows).count("Invitation envoyée") == 3
    assert sorted(written(database), key=str) == [
        ("lea@alma.example.com", "facilitator", world.alma, None),
        ("lea@alma.example.com", "trainer", world.alma, world.cohort),
        ("max@alma.example.com", "coordinator", world.alma, None),
    ]
    assert [recipient for recipient, _, _ in messages(database)] == ["lea@alma.example.com", "max@alma.example.com"]
    assert messages(database)[0][2].count("\n- ") == 2


def test_list_of_staff_run_twice_is_once(registrar: TestClient, database: Database, world: World) -> None:
    confirm(registrar, world, LEA)
    page = post(registrar, world, LEA.upper())
    assert "sa réponse est attendue" in page
    assert 'name="confirmed"' not in page
    assert len(written(database)) == len(messages(database)) == 1


def test_person_invited_from_a_list_opens_their_account_with_their_role(
    registrar: TestClient, database: Database, world: World
) -> None:
    confirm(registrar, world, LEA)
    link = link_in(messages(database)[0][2])
    new = {"legal_first_name": "Léa", "legal_last_name": "Nouvelle", "chosen_name": ""}
    with TestClient(registrar.app, follow_redirects=False) as browser:
        assert 'value="Nouvelle"' in browser.get(link).text
        assert browser.post(link, data={**new, "password": "trois hiboux myopes"}).status_code == 303
    assert "A déjà ce rôle" in post(registrar, world, LEA)


def test_role_that_a_registrar_does_not_give_is_refused_in_its_cell(
    registrar: TestClient, database: Database, world: World
) -> None:
    rows = [LEA, *(MAX.replace("coordonnateur", role) for role in ("registraire", "admin", "participant", "reine", ""))]
    page = post(registrar, world, *rows, confirmed="true")
    assert page.count("Ce rôle est donné par l’administration") == 2
    assert page.count("possibles : formatrice/formateur, animatrice/animateur, coordonnatrice/coordonnateur.") == 2
    assert page.count("Ce renseignement est obligatoire") == 1
    assert written(database) == []


def test_administrator_invites_a_registrar_whose_role_waits_for_another_administrator(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    row = MAX.replace("coordonnateur", "registraire")
    assert "Invitation envoyée" in confirm(client, world, row)
    link = link_in(messages(database)[0][2])
    new = {"legal_first_name": "Max", "legal_last_name": "Autre", "chosen_name": "", "password": "trois hiboux myopes"}
    with TestClient(client.app, follow_redirects=False) as browser:
        assert browser.post(link, data=new).status_code == 303
    waiting = text("select role, college_id from role_proposal where decided_at is null")
    with database.engine.connect() as owner:
        assert [tuple(row) for row in owner.execute(waiting)] == [("registrar", world.alma)]


@pytest.mark.parametrize("who", ["registrar", "admin"])
def test_nobody_is_in_a_list_of_their_own(client: TestClient, database: Database, world: World, who: str) -> None:
    """By page and by program; the administrator, who has no role in the college, neither."""
    as_(client, database, world, who)
    with database.engine.connect() as owner:
        name = text("select p.legal_first_name, p.legal_last_name from person p where p.id = :id")
        first, last = owner.execute(name, {"id": world.people[who]}).one()
    page = post(client, world, f"{world.emails[who].upper()};{first};{last};formatrice;", confirmed="true")
    assert "Cette ligne est la vôtre" in page
    own = {"email": world.emails[who], "legal_first_name": first, "legal_last_name": last, "role": "trainer"}
    answer = client.post(f"/api/v1/colleges/{world.alma}/staff-invitations", json={"people": [own]})
    assert {error["code"] for error in answer.json()["errors"]} == {"import_oneself"}
    assert written(database) == []


def test_someone_of_the_college_under_another_address_is_asked_about_and_invited_at_theirs(
    registrar: TestClient, database: Database, world: World
) -> None:
    row = "autre@exemple.ca;Théo;Formation;coordonnatrice;"
    page = post(registrar, world, row)
    [trainer] = re.findall(r'<option value="(\d+:autre@exemple.ca)"', page)
    assert confirm(registrar, world, row, answers=trainer).count("Invitation envoyée") == 1
    assert written(database) == [(world.emails["trainer"], "coordinator", world.alma, None)]


def test_staff_of_another_college_are_as_those_whom_nobody_knows(
    registrar: TestClient, database: Database, world: World
) -> None:
    page = confirm(registrar, world, f"{world.emails['other_trainer']};Zoé;Personne;formatrice;")
    assert "Invitation envoyée" in page
    assert [row[0] for row in written(database)] == [world.emails["other_trainer"]]


def test_row_for_another_college_or_an_unknown_cohort_is_refused(
    registrar: TestClient, database: Database, world: World
) -> None:
    other = code_of(database, world.other_cohort)
    page = post(registrar, world, LEA + other, MAX + code_of(database, world.cohort))
    assert "Cohorte inconnue dans ce collège" in page
    assert other in page
    assert "Seul le rôle de formation s’exerce dans une cohorte" in page
    sheet = "courriel;nom;role;collège\na@exemple.ca;A;formatrice;Collège de Rouyn"
    page = plain(registrar.post(path(world), data={"people": sheet}).text)
    assert "pour un autre endroit" in page
    assert written(database) == []


def test_closed_college_invites_nobody_from_a_list(registrar: TestClient, database: Database, world: World) -> None:
    [digest] = re.findall(r'name="confirmed" value="(\w+)"', post(registrar, world, LEA))
    with database.as_owner() as db:
        db.execute(text(CLOSE), {"id": world.alma})
    sent = {"people": f"{HEADER}\n{LEA}", "confirmed": digest}
    answer = registrar.post(path(world), data=sent)
    assert answer.status_code == 409
    assert "Léa;Nouvelle" in plain(answer.text)
    assert written(database) == []


def test_templates_of_staff_are_lists(registrar: TestClient, world: World) -> None:
    for kind in ("csv", "xlsx"):
        content = registrar.get(f"/colleges/{world.alma}/personnel/modele.{kind}").content
        page = plain(registrar.post(path(world), files={"file": (f"m.{kind}", content)}).text)
        assert "1 ligne fera quelque chose" in page


# By a program ------------------------------------------------------------------------------------


def test_program_tries_then_sends_a_list_of_staff(registrar: TestClient, database: Database, world: World) -> None:
    url = f"/api/v1/colleges/{world.alma}/staff-invitations"
    cohort = code_of(database, world.cohort)
    people = [{"email": "Lea@alma.example.com", "legal_last_name": "Léa", "role": "trainer", "cohort": cohort}]
    tried = registrar.post(url, json={"people": people, "dry_run": True}).json()
    assert (tried["written"], tried["people"][0]["outcome"], written(database)) == (False, "offered", [])
    assert registrar.post(url, json={"people": people}).json()["written"] is True
    assert registrar.post(url, json={"people": people}).json()["people"][0]["outcome"] == "waiting"
    assert written(database) == [("lea@alma.example.com", "trainer", world.alma, world.cohort)]


def test_program_is_refused_a_list_of_staff_with_every_reason_in_its_place(
    registrar: TestClient, database: Database, world: World
) -> None:
    url = f"/api/v1/colleges/{world.alma}/staff-invitations"
    people = [
        {"email": "non", "legal_last_name": "A", "role": "trainer"},
        {"email": "b@exemple.ca", "legal_last_name": "B", "role": "registrar"},
        {"email": "c@exemple.ca", "legal_last_name": "C", "role": "facilitator", "cohort": "GEN"},
    ]
    answer = registrar.post(url, json={"people": people})
    assert answer.status_code == 422
    assert {(error["code"], error["field"]) for error in answer.json()["errors"]} == {
        ("email_invalid", "people.0.email"), ("role_above_yours", "people.1.role"),
        ("cohort_for_trainers", "people.2.cohort"),
    }  # fmt: skip
    assert written(database) == []
