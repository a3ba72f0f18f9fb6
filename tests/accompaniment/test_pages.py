"""Pages of accompaniment, as a browser without JavaScript uses them."""

import re

from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from tests.factories.accompaniment import NEQ, TODAY, accompany, add_enterprise, new_enterprise, open_mandate
from tests.factories.network import World, as_, count


def test_participant_opens_a_mandate_and_records_its_milestones(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    page = client.get("/mandats")
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
    form = {
        "enrolment_id": str(world.enrolments["maude"]), "kind": "orientation", "title": "Boutique en ligne",
        "opened_on": "", "neq": "1166 000 001", "name": "Scierie du Lac", "sector": "Bois", "size": "5-49",
        "region_code": "02",
    }  # fmt: skip
    answer = client.post("/mandats", data=form)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    shown = client.get(path).text
    assert "Scierie du Lac" in shown
    assert shown.count("/jalons") == 1, "only the next milestone can be recorded"
    refused = client.post(f"{path}/jalons", data={"kind": "agreement", "happened_on": TODAY.isoformat()})
    assert refused.status_code == 422
    assert "clause de confidentialité" in refused.text
    for kind in ("agreement", "diagnostic", "plan"):
        data = {"kind": kind, "happened_on": TODAY.isoformat(), "confidentiality_clause": "true"}
        assert client.post(f"{path}/jalons", data=data).headers["location"] == path
    done = client.get(path).text
    assert "Entreprise accompagnée" not in done
    assert done.count("À confirmer") == 3
    assert done.count("Corriger la date") == 3
    supersedes = re.search(r'name="supersedes" value="(\d+)"', done)
    assert supersedes is not None
    early = {"kind": "agreement", "happened_on": "2026-01-02", "confidentiality_clause": "true"}
    assert client.post(f"{path}/jalons", data={**early, "supersedes": supersedes[1]}).status_code == 303
    assert "date corrigée" in client.get(path).text
    assert client.post(f"{path}/jalons", data={**early, "supersedes": supersedes[1]}).status_code == 409


def test_refused_mandate_form_keeps_what_was_typed(client: TestClient, database: Database, world: World) -> None:
    add_enterprise(database, world, new_enterprise())
    as_(client, database, world, "maude")
    form = {"enrolment_id": str(world.enrolments["maude"]), "kind": "orientation", "title": "Un titre à garder"}
    answer = client.post("/mandats", data={**form, "neq": "999"})
    assert answer.status_code == 422
    assert 'value="Un titre à garder"' in answer.text
    assert "commence par 11, 22, 33 ou 88" in answer.text
    without = client.post("/mandats", data={**form, "name": "Nouvelle", "size": "5-49"})
    assert without.status_code == 422
    nothing = client.post("/mandats", data=form)
    assert nothing.status_code == 422
    assert client.post("/mandats", data={**form, "neq": NEQ}).status_code == 303
    other = {**form, "enrolment_id": str(world.enrolments["karim"]), "neq": NEQ}
    assert client.post("/mandats", data=other).status_code == 404
    with database.transaction(colleges=[world.alma]) as db:
        assert (count(db, "mandate"), count(db, "enterprise")) == (1, 1)


def test_a_coordinator_adds_an_enterprise_and_opens_a_mandate_in_it(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    form = {"college_id": str(world.alma), "name": "Érablière Côté", "neq": "", "sector": "Acériculture"}
    form |= {"size": "1-4", "region_code": "02"}
    assert client.post("/entreprises", data=form).status_code == 303
    listed = client.get("/entreprises?recherche=erabliere").text
    assert "Érablière Côté" in listed
    link = re.search(r'href="(/mandats\?entreprise=\d+)#ouvrir"', listed)
    assert link is not None
    page = client.get(link[1]).text
    assert "<strong>Érablière Côté</strong>" in page
    assert all(name in page for name in ("Maude Bérubé", "Karim Haddad"))
    assert client.post("/entreprises", data={**form, "neq": "55"}).status_code == 422
    taken = {**form, "neq": NEQ}
    assert client.post("/entreprises", data=taken).status_code == 303
    again = client.post("/entreprises", data=taken)
    assert again.status_code == 409
    assert "Érablière Côté" in again.text
    elsewhere = client.post("/entreprises", data={**form, "college_id": str(world.rouyn)})
    assert elsewhere.status_code == 404


def test_trainer_reads_without_forms_and_others_see_nothing(
    client: TestClient, database: Database, world: World
) -> None:
    shown = open_mandate(database, world)
    accompany(database, world, shown.id)
    as_(client, database, world, "trainer")
    listed = client.get("/mandats?etape=planned")
    assert "Scierie du Lac" in listed.text
    assert "1 entreprise accompagnée" in listed.text
    page = client.get(f"/mandats/{shown.id}")
    assert page.status_code == 200
    assert f"/mandats/{shown.id}/jalons" not in page.text
    assert "Entreprise accompagnée" in page.text
    assert "Confirmé par Corinne Coordination" in page.text
    assert client.get("/entreprises").status_code == 403
    as_(client, database, world, "other_coordinator")
    assert client.get(f"/mandats/{shown.id}").status_code == 404
    assert "Scierie" not in client.get("/mandats").text
    as_(client, database, world, "registrar")
    assert client.get("/mandats").status_code == 403
