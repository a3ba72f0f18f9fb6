"""Transfers in a browser: each of the three does their part on the same page (S3)."""

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories import eligible
from tests.factories.cohorts import page
from tests.factories.network import World, as_
from tests.factories.recognition import Dossier
from tests.factories.transfers import propose


def test_the_three_do_their_part_and_the_path_shows_what_was_carried(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.achieve(database, world, "maude")
    enrolment = world.enrolments["maude"]
    form = f"/inscriptions/{enrolment}/transfert"
    as_(client, database, world, "coordinator")
    assert form in page(client.get(f"/inscriptions/{enrolment}"))
    assert "Cégep de Rouyn, Généraliste GEN-ROU-1" in page(client.get(form))
    refused = client.post(form, data={"to_cohort_id": world.other_cohort, "reason": " "})
    assert "Proposer le transfert" in page(refused, 422), "the form comes back"
    proposed = client.post(form, data={"to_cohort_id": world.other_cohort, "reason": "Elle déménage."})
    shown = proposed.headers["location"]
    assert "Retirer la proposition" in page(client.get(shown))
    as_(client, database, world, "maude")
    asked = page(client.get(shown))
    assert "Je consens au passage de mon dossier" in asked
    assert "Ce qui serait transporté aujourd’hui" in asked
    assert client.post(f"{shown}/consentement", data={"agrees": "true"}).status_code == 303
    as_(client, database, world, "other_coordinator")
    assert shown in page(client.get(f"/colleges/{world.rouyn}/transferts"))
    received = page(client.get(shown))
    assert "Accepter le transfert" in received
    assert "Généraliste GEN-ALM-1, Collège d’Alma (version 1.0)" in received
    assert client.post(f"{shown}/decision", data={"accepts": "true"}).status_code == 303
    assert "accepté" in page(client.get(shown))
    as_(client, database, world, "maude")
    new = client.get("/api/v1/me/transfers").json()["items"][0]["to_enrolment_id"]
    path = page(client.get(f"/parcours/{new}"))
    assert "Ce qui est transporté" in path
    assert "par Théo Formation, Collège d’Alma" in path
    assert page(client.get(f"/parcours/{enrolment}")), "what was left is still read by its owner"


def test_refused_acceptance_comes_back_with_every_reason(client: TestClient, database: Database, world: World) -> None:
    proposed = propose(database, world)
    client = as_(client, database, world, "maude")
    client.post(f"/api/v1/transfers/{proposed}/consent", json={"agrees": True})
    with database.engine.begin() as owner:
        owner.exec_driver_sql("update cohort set capacity = 1 where id = %s", (world.other_cohort,))
    as_(client, database, world, "other_coordinator")
    refused = page(client.post(f"/transferts/{proposed}/decision", data={"accepts": "true"}), 409)
    assert "Il ne reste aucune place dans cette cohorte." in refused
    assert "Accepter le transfert" in refused


def test_levels_recognised_from_before_the_path_are_shown_without_any_result(
    client: TestClient, database: Database, world: World
) -> None:
    Dossier(client, database, world).granted()
    proposed = propose(database, world, "yves")
    shown = page(as_(client, database, world, "yves").get(f"/transferts/{proposed}"))
    assert "CN-09" in shown
    assert "Aucun résultat" not in shown
