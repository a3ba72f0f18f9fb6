"""Extracts: a member writes one of their own texts again without names, and hands it in as evidence of CN-11."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.database.transaction import Database
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import page
from tests.factories.network import World, as_

V1 = "/api/v1/codev"
SAID = "Karim m’a appris à attendre. Écrire à direction@boreale.example."
CLEAN = "Une collègue m’a appris à attendre la question."


@pytest.fixture
def entry(client: TestClient, database: Database, world: World) -> str:
    """Write an entry of Maude's journal; return the path of it as one of her writings, Maude signed in."""
    group = create_group(database, world)
    session = plan_session(database, world, group.id)
    as_(client, database, world, "maude")
    sent = client.post(f"{V1}/groups/{group.id}/journal", json={"text": SAID, "session_id": session})
    assert sent.status_code == 201, sent.text
    return f"/groups/{group.id}/own-writings/journal/{sent.json()['id']}"


def command(body: str = CLEAN, **values: object) -> dict[str, object]:
    """Return an extract to hand in."""
    return {"activity_code": "GEN-7.A", "body": body, "leaves_group": True, **values}


def test_own_writings_are_listed_without_texts_and_read_with_their_marks(client: TestClient, entry: str) -> None:
    listed = client.get(V1 + entry.rpartition("/journal")[0]).json()
    assert [(w["kind"], w["activity_code"]) for w in listed] == [("journal", "GEN-7.A")]
    read = client.get(V1 + entry)
    assert read.headers["cache-control"] == "no-store"
    assert read.json()["text"] == SAID
    assert [(m["kind"], m["text"]) for m in read.json()["marks"]] == [
        ("email", "direction@boreale.example"), ("person", "Karim"),
    ]  # fmt: skip


def test_extract_with_a_mark_is_refused_until_it_is_removed_or_confirmed(client: TestClient, entry: str) -> None:
    refused = client.post(f"{V1}{entry}/extracts", json=command("Karim m’a aidée."))
    assert refused.status_code == 422
    assert [(e["code"], e["field"]) for e in refused.json()["errors"]] == [("extract_identifies", "confirmed")]
    assert client.post(f"{V1}{entry}/extracts", json=command(leaves_group=False)).status_code == 422
    assert client.post(f"{V1}{entry}/extracts", json=command(activity_code="GEN-1.C")).status_code == 422
    kept = client.post(f"{V1}{entry}/extracts", json=command("Karim m’a aidée.", confirmed=["Karim"]))
    assert kept.status_code == 201


def test_extract_is_evidence_of_cn_11_in_the_queue_and_the_group_learns_nothing(
    client: TestClient, database: Database, world: World, entry: str
) -> None:
    with database.engine.connect() as owner:
        before = owner.execute(text("select count(*) from notification")).scalar_one()
    sent = client.post(f"{V1}{entry}/extracts", json=command())
    assert sent.status_code == 201
    assert CLEAN not in sent.text
    assert client.post(f"{V1}{entry}/extracts", json=command()).status_code == 200, "the same extract again"
    as_(client, database, world, "trainer")
    queue = client.get("/api/v1/me/judgement-queue", params={"competency": "CN-11"}).json()
    assert [(i["evidence"]["id"], i["activity_code"], i["competencies"]) for i in queue["items"]] == [
        (sent.json()["id"], "GEN-7.A", ["CN-11"])
    ]  # fmt: skip
    form = page(client.get(f"/parcours/{world.enrolments['maude']}/jugements/CN-11?preuve={sent.json()['id']}"))
    assert CLEAN in form
    judged = {
        "competency_code": "CN-11", "level": 1, "criteria_met": ["CN-11.C3"], "activity_code": "GEN-7.A",
        "evidence": [{"kind": "hand_in", "id": sent.json()["id"]}],
    }  # fmt: skip
    answer = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/judgements", json=judged)
    assert answer.status_code == 201, answer.text
    with database.engine.connect() as owner:
        told = owner.execute(text("select person_id from notification offset :n"), {"n": before}).scalars().all()
        confided = owner.execute(text("select count(*), max(kind) from codev_confidence")).one()
    assert set(told) == {world.people["maude"]}, "that she was judged, and nobody of the group anything"
    assert tuple(confided) == (1, "journal"), "what it was made from stays as it was"


def test_extract_of_another_is_not_found_and_the_deposit_of_codevelopment_stays_closed(
    client: TestClient, database: Database, world: World, entry: str
) -> None:
    deposit = {"activity_code": "GEN-7.A", "body": CLEAN}
    closed = client.post(f"/api/v1/enrolments/{world.enrolments['maude']}/hand-ins", json=deposit)
    assert (closed.status_code, closed.json()["errors"][0]["code"]) == (422, "no_deposit_asked")
    as_(client, database, world, "karim")
    assert client.get(V1 + entry).status_code == 404
    assert client.post(f"{V1}{entry}/extracts", json=command()).status_code == 404
    as_(client, database, world, "facilitator")
    assert client.get(V1 + entry).status_code == 403


def test_page_says_that_an_extract_leaves_the_group_and_gives_back_what_was_typed(
    client: TestClient, database: Database, world: World, entry: str
) -> None:
    path = "/codev" + entry.replace("/groups/", "/groupes/").replace("/own-writings/", "/extraits/")
    assert path in client.get(path.rpartition("/journal")[0]).text
    shown = page(client.get(path))
    assert "n’appartient plus aux confidences du groupe" in shown
    assert SAID in shown
    assert "« Karim » est dans le nom d’une personne du groupe" in shown
    typed = {"activity_code": "GEN-7.A", "body": "Yves m’a aidée.", "leaves_group": "true"}
    refused = client.post(path, data=typed)
    assert refused.status_code == 422
    back = page(refused, 422)
    assert "Yves m’a aidée." in back
    assert "« Yves » est dans le nom d’une personne du groupe" in back
    assert "« Karim » est" not in back
    sent = client.post(path, data=typed | {"body": CLEAN}, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == f"/parcours/{world.enrolments['maude']}/activites/GEN-7.A#remises"
    assert "Vos extraits remis" in page(client.get(sent.headers["location"]))
