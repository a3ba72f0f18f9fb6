"""Names of people: one name, names with what nobody sees, from the form to the certificate."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.people.schemas import NewPerson
from app.people.service import add_person
from app.platform.database.transaction import Database
from app.platform.errors import Invalid
from app.platform.messages.i18n import today
from tests.factories import eligible
from tests.factories.network import World, as_

API = "/api/v1"


def rename(client: TestClient, world: World, **names: str) -> int:
    """Send the form of a legal name, and return the status of the answer."""
    form = {"seen_on": today().isoformat(), **names}
    path = f"/colleges/{world.alma}/personnes/{world.people['maude']}/nom"
    return client.post(path, data=form, follow_redirects=False).status_code


def people(client: TestClient, world: World, search: str) -> list[str]:
    """Return the names that a search among the people of the college finds."""
    answer = client.get(f"{API}/colleges/{world.alma}/people", params={"search": search})
    return [row["name"] for row in answer.json()["items"]]


@pytest.mark.parametrize("names", [("", "Sukarno"), ("Sukarno", ""), ("\u200b", "Sukarno\u2060")])
def test_person_of_one_name_has_it_on_pages_lists_and_certificate(
    client: TestClient, database: Database, world: World, names: tuple[str, str]
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    assert rename(client, world, legal_first_name=names[0], legal_last_name=names[1]) == 303
    assert people(client, world, "sukarno") == ["Sukarno"]
    page = client.get(f"/colleges/{world.alma}/personnes/{world.people['maude']}/nom").text
    assert '<p class="lead">Sukarno</p>' in page
    assert "None" not in page
    path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
    issued = client.post(path, json={"kind": "attestation_participation"}, headers={"Idempotency-Key": "one-name"})
    assert (issued.status_code, issued.json()["holder"]) == (201, "Sukarno")
    verified = client.get(f"{API}/verify/{issued.json()['record']['code']}").json()
    assert verified["holder"] == "Sukarno"
    as_(client, database, world, "maude")
    assert "Sukarno" in client.get("/").text
    [former] = as_(client, database, world, "registrar").get(
        f"{API}/colleges/{world.alma}/people/{world.people['maude']}/legal-name"
    ).json()["former"]  # fmt: skip
    assert (former["legal_first_name"], former["legal_last_name"]) == ("Maude", "Bérubé")


def test_name_with_invisible_characters_is_found_as_it_looks(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "registrar")
    assert rename(client, world, legal_first_name="Ma\u200bude", legal_last_name="Trem\u2060blay\u202c") == 303
    assert people(client, world, "tremblay maude") == ["Maude Tremblay"]
    assert people(client, world, "Trem\u200bblay") == ["Maude Tremblay"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("", ""), "Ce renseignement est obligatoire."),
        (("\u200b", "\u2060"), "Ce renseignement est obligatoire."),
        (("Maude", "1234"), "Un nom contient au moins une lettre."),
        (
            ("Maude", "B\ufffdrub\u00e9"),
            "signe invisible (U+FFFD) à la place du carré",
        ),
    ],
)
def test_name_that_is_refused_says_why(
    client: TestClient, database: Database, world: World, names: tuple[str, str], message: str
) -> None:
    as_(client, database, world, "registrar")
    form = {"seen_on": today().isoformat(), "legal_first_name": names[0], "legal_last_name": names[1]}
    answer = client.post(f"/colleges/{world.alma}/personnes/{world.people['maude']}/nom", data=form)
    assert answer.status_code == 422
    assert message in answer.text


@pytest.mark.parametrize("column", ["legal_first_name", "legal_last_name", "chosen_name"])
def test_database_refuses_an_empty_name(database: Database, world: World, column: str) -> None:
    with pytest.raises(IntegrityError), database.as_owner() as db:
        db.execute(text(f"update person set {column} = '' where id = :id"), {"id": world.people["maude"]})  # noqa: S608


def test_pasted_vertical_tab_in_a_hand_in_is_a_line_break(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    sent = {"activity_code": "GEN-1.C", "body": "Première ligne\u000bseconde\u200b\r\ntroisième"}
    answer = client.post(f"{API}/enrolments/{world.enrolments['maude']}/hand-ins", json=sent)
    assert answer.status_code == 201, answer.text
    with database.engine.connect() as owner:
        body = owner.execute(text("select body from hand_in order by id desc limit 1")).scalar_one()
    assert body == "Première ligne\nseconde\ntroisième"


ARABIC = {"legal_first_name": "محمد", "legal_last_name": "علي"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (ARABIC, "Inscrivez aussi le nom en lettres latines"),
        ({"legal_last_name": "李"}, "Inscrivez aussi le nom en lettres latines"),
        ({**ARABIC, "document_name": "李 Ali"}, "Récrivez ce nom en lettres latines"),
        ({"legal_last_name": "Tremblay", "document_name": "Roy"}, "Le nom légal s’imprime tel quel"),
    ],
)
def test_name_that_no_document_prints_is_refused_when_it_is_entered(
    client: TestClient, database: Database, world: World, names: dict[str, str], message: str
) -> None:
    as_(client, database, world, "registrar")
    form = {"seen_on": today().isoformat(), **names}
    answer = client.post(f"/colleges/{world.alma}/personnes/{world.people['maude']}/nom", data=form)
    assert answer.status_code == 422
    assert message in answer.text
    assert f'value="{names["legal_last_name"]}"' in answer.text
    with database.transaction() as db, pytest.raises(Invalid):
        add_person(db, NewPerson.model_validate(names))


def test_name_in_another_script_is_printed_in_its_latin_form(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    assert rename(client, world, **ARABIC, document_name="Mohamed Ali") == 303
    assert people(client, world, "علي") == ["محمد علي"]
    path = f"{API}/enrolments/{world.enrolments['maude']}/certificates"
    issued = client.post(path, json={"kind": "attestation_participation"}, headers={"Idempotency-Key": "latin"})
    assert (issued.status_code, issued.json()["holder"]) == (201, "Mohamed Ali")
    assert rename(client, world, **ARABIC, document_name="Mohammed Ali") == 303
    name = client.get(f"{API}/colleges/{world.alma}/people/{world.people['maude']}/legal-name").json()
    assert (name["document_name"], len(name["former"])) == ("Mohammed Ali", 1)
    assert rename(client, world, legal_last_name="Ali", legal_first_name="Mohamed") == 303
    name = client.get(f"{API}/colleges/{world.alma}/people/{world.people['maude']}/legal-name").json()
    assert name["document_name"] is None


@pytest.mark.parametrize("name", ["Karonhiahkwe\ua789ha", "Ȣendat", "Dzą\u0301h", "ᐃᓄᒃᑎᑐᑦ", "Nguyễn", "Łukasz"])
def test_name_that_every_document_prints_needs_no_other(
    client: TestClient, database: Database, world: World, name: str
) -> None:
    as_(client, database, world, "registrar")
    assert rename(client, world, legal_last_name=name) == 303
    assert people(client, world, name) == [name]
