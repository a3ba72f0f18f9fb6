"""Pages of holds, and what those of certificates and of the path say of them."""

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories import eligible
from tests.factories.cohorts import page
from tests.factories.holds import REASON, hold_certificates, lift_hold
from tests.factories.network import World, as_, count

KIND = "formalité du collège à régler"


def test_registrar_opens_and_lifts_a_hold_by_pages(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    address = f"/parcours/{world.enrolments['maude']}/retenues"
    assert address in page(client.get(f"/colleges/{world.alma}/attestations"))
    refused = client.post(address, data={"reason": "", "whole_college": "true"})
    assert "checked" in page(refused, 422)
    opened = client.post(address, data={"reason": REASON, "whole_college": "true"}, follow_redirects=False)
    hold = opened.headers["location"]
    assert "Tous ceux du collège" in page(client.get(hold))
    later = page(client.get(f"/colleges/{world.alma}/attestations", params={"situation": "pas_encore"}))
    assert KIND in later
    assert REASON not in later
    assert KIND in page(client.get(f"/colleges/{world.alma}/attestations/lots"))
    assert "Maude Bérubé" in page(client.get(f"/colleges/{world.alma}/retenues"))
    assert client.post(f"{hold}/levee", data={"reason": ""}).status_code == 422
    assert client.post(f"{hold}/levee", data={"reason": "Acquittés."}).status_code == 303
    lifted = page(client.get(hold))
    assert "Acquittés." in lifted
    assert f"{hold}/levee" not in lifted
    assert "Maude Bérubé" not in page(client.get(f"/colleges/{world.alma}/retenues"))


def test_person_sees_the_hold_on_their_path_with_what_to_do(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.attend(database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}"
    hold = hold_certificates(database, world)
    as_(client, database, world, "maude")
    held = page(client.get(path))
    assert KIND in held
    assert "Réglez la formalité auprès du registrariat" in held
    assert "Délivrance retenue" in held
    own = page(client.get(f"/retenues/{hold}"))
    assert REASON in own
    assert "Lever la retenue" not in own
    lift_hold(database, world, hold)
    assert KIND not in page(client.get(path))


def test_trainer_reads_a_path_without_its_hold(client: TestClient, database: Database, world: World) -> None:
    hold_certificates(database, world)
    as_(client, database, world, "trainer")
    assert "retenue" not in page(client.get(f"/parcours/{world.enrolments['maude']}"))


def test_program_opens_reads_and_lifts_a_hold(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/holds"
    opened = client.post(path, json={"reason": REASON}, headers={"Idempotency-Key": "une-fois"})
    again = client.post(path, json={"reason": REASON}, headers={"Idempotency-Key": "une-fois"})
    assert (opened.status_code, again.json()) == (201, opened.json())
    assert (opened.json()["kind"], opened.json()["enrolment_id"]) == ("formality", world.enrolments["maude"])
    listed = client.get(f"/api/v1/colleges/{world.alma}/holds", params={"open": True, "kind": "formality"}).json()
    assert [hold["id"] for hold in listed["items"]] == [opened.json()["id"]]
    assert client.get(f"/api/v1/colleges/{world.alma}/holds", params={"open": False}).json()["items"] == []
    lifted = client.post(f"/api/v1/holds/{opened.json()['id']}/lift", json={"reason": "Acquittés."}).json()
    assert (lifted["lifted_by"], lifted["lift_reason"]) == ("Régine Registraire", "Acquittés.")
    as_(client, database, world, "maude")
    [own] = client.get("/api/v1/me/holds").json()["items"]
    assert own == lifted
    with database.as_owner() as db:
        assert count(db, "hold") == 1
