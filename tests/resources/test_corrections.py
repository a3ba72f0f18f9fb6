"""Corrections of the directory: proposed by anyone, made or refused by whoever keeps the entry up, who says so."""

import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.cohorts import page
from tests.factories.network import World, as_
from tests.factories.resources import ENTRY, add_entry, state_of

API = "/api/v1/resource-corrections"
PHONE = {"about": "phone", "value": "418 555-0199", "because": "Appel au numéro général."}


def proposed(client: TestClient, database: Database, world: World, id_: int, who: str = "maude", **body: str) -> int:
    """Propose a correction by the API; return its id."""
    as_(client, database, world, who)
    answer = client.post(f"/api/v1/resources/{id_}/corrections", json={**PHONE, **body})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def titles(client: TestClient) -> list[str]:
    """Return the titles of one's messages."""
    items = client.get("/api/v1/me/notifications").json()["items"]
    return [item["title"].replace("\N{NO-BREAK SPACE}", " ") for item in items]


def test_correction_is_proposed_on_the_page_made_by_its_keeper_and_its_author_is_told(
    client: TestClient, database: Database, world: World
) -> None:
    """GEN-6.A, step 7."""
    id_ = add_entry(database, world)
    as_(client, database, world, "maude")
    sent = client.post(f"/repertoire/{id_}/corrections", data=PHONE)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/repertoire/{id_}#corrections")
    assert "En attente" in page(client.get(f"/repertoire/{id_}"))
    as_(client, database, world, "coordinator")
    assert "1 correction" in page(client.get("/"))
    html = page(client.get("/repertoire/corrections"))
    assert "418 555-0100" in html  # what the entry says, beside what is proposed
    assert "418 555-0199" in html
    [correction] = client.get(API).json()["items"]
    assert client.post(f"/repertoire/corrections/{correction['id']}/acceptation").status_code == 303
    assert client.get(f"/api/v1/resources/{id_}").json()["phone"] == "418 555-0199"
    assert client.get(API).json()["items"] == []
    [change, _] = client.get(f"/api/v1/resources/{id_}/history").json()["items"]
    assert change["before"] == {"phone": "418 555-0100"}
    as_(client, database, world, "maude")
    assert "Acceptée" in page(client.get(f"/repertoire/{id_}"))
    assert f"Votre correction est faite : {ENTRY['name']}" in titles(client)


def test_correction_is_refused_with_a_reason_that_its_author_reads(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    correction = proposed(client, database, world, id_, "other_participant")  # of another college
    as_(client, database, world, "registrar")
    silent = page(client.post(f"/repertoire/corrections/{correction}/refus", data={"answer": ""}), 422)
    assert "Ce renseignement est obligatoire." in silent
    reason = {"answer": "Le numéro général n’a pas changé."}
    assert client.post(f"/repertoire/corrections/{correction}/refus", data=reason).status_code == 303
    assert client.get(f"/api/v1/resources/{id_}").json()["phone"] == "418 555-0100"
    as_(client, database, world, "other_participant")
    assert "Le numéro général n’a pas changé." in page(client.get(f"/repertoire/{id_}"))
    assert f"Votre correction n’a pas été retenue : {ENTRY['name']}" in titles(client)
    [own] = client.get(f"/api/v1/resources/{id_}/corrections").json()
    assert (own["state"], own["answer"]) == ("refused", reason["answer"])


@pytest.mark.parametrize(("about", "value"), [("duplicate", "Centre d’essai numérique"), ("closed", None)])
def test_correction_of_a_whole_entry_takes_it_out_of_use(
    client: TestClient, database: Database, world: World, about: str, value: str | None
) -> None:
    id_ = add_entry(database, world)
    as_(client, database, world, "maude")
    body = {"about": about, "because": "Affiche à la porte.", **({"value": value} if value else {})}
    correction = client.post(f"/api/v1/resources/{id_}/corrections", json=body).json()["id"]
    as_(client, database, world, "coordinator")
    assert client.post(f"{API}/{correction}/acceptance").json()["state"] == "accepted"
    assert client.get(f"/api/v1/resources/{id_}").json()["retired_at"] is not None
    as_(client, database, world, "maude")
    late = client.post(f"/api/v1/resources/{id_}/corrections", json=PHONE)
    assert (late.status_code, late.json()["code"]) == (409, "resource_retired")


def test_correction_is_decided_once(client: TestClient, database: Database, world: World) -> None:
    correction = proposed(client, database, world, add_entry(database, world))
    as_(client, database, world, "coordinator")
    assert client.post(f"{API}/{correction}/acceptance").status_code == 200
    again = client.post(f"{API}/{correction}/refusal", json={"answer": "Non."})
    assert (again.status_code, again.json()["code"]) == (409, "correction_decided")
    assert state_of(database, correction) == "accepted"


def test_correction_that_the_entry_could_not_say_is_refused_and_the_form_keeps_it(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    as_(client, database, world, "maude")
    typed = {"about": "website", "value": "essai.example", "because": "Je l’ai essayée."}
    html = page(client.post(f"/repertoire/{id_}/corrections", data=typed), 422)
    assert "Donnez l’adresse complète d’une page" in html
    assert "essai.example</textarea>" in html
    assert 'value="Je l’ai essayée."' in html
    assert client.get(f"/api/v1/resources/{id_}/corrections").json() == []


def test_one_reads_ones_own_corrections_and_decides_on_those_of_ones_college(
    client: TestClient, database: Database, world: World
) -> None:
    id_ = add_entry(database, world)
    correction = proposed(client, database, world, id_)
    as_(client, database, world, "karim")
    assert "En attente" not in page(client.get(f"/repertoire/{id_}"))
    assert client.get(f"/api/v1/resources/{id_}/corrections").json() == []
    as_(client, database, world, "other_coordinator")
    assert client.get(API).json()["items"] == []
    assert client.post(f"{API}/{correction}/acceptance").status_code == 404
    assert state_of(database, correction) == "waiting"


def test_author_who_keeps_up_entries_elsewhere_does_not_decide_on_their_own_correction(
    client: TestClient, database: Database, world: World
) -> None:
    """They read it, as its author; the entry is another college's."""
    id_ = add_entry(database, world)
    correction = proposed(client, database, world, id_, "other_coordinator")
    assert client.get(API).json()["items"] == []
    assert client.post(f"{API}/{correction}/acceptance").status_code == 404
    assert state_of(database, correction) == "waiting"
