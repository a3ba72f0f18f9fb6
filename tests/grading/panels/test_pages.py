"""Pages of panels: who asks, who names, who takes, who speaks, and what the person reads of it."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.grading.enums import EvidenceKind
from app.grading.schemas import EvidenceRef
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.interests import declare
from tests.factories.learning import PDF
from tests.factories.network import World, as_
from tests.factories.panels import MOTIVE, REASONS, add_trainers, ask, judged, name, read, speak


def test_person_contests_from_the_judgement_and_follows_their_request(
    client: TestClient, database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    assert f'href="/jugements/{first.id}/revision"' in client.get(path).text
    form = client.get(f"/jugements/{first.id}/revision").text
    assert "Une autre personne évaluatrice relit vos preuves" in form
    refused = client.post(f"/jugements/{first.id}/revision", data={"motive": ""})
    assert refused.status_code == 422
    sent = client.post(f"/jugements/{first.id}/revision", data={"motive": MOTIVE})
    page = client.get(sent.headers["location"]).text
    assert MOTIVE in page
    assert "Personnes à nommer" in page
    assert sent.headers["location"] in client.get(path).text
    again = client.get(f"/jugements/{first.id}/revision").text
    assert "attendez sa décision" in again
    assert "<textarea" not in again, "a form that would be refused is not shown"


def test_review_asked_too_late_says_since_when_in_place_of_a_form(
    client: TestClient, database: Database, world: World
) -> None:
    with at(now() - timedelta(days=20)):
        first = judged(database, world)
    as_(client, database, world, "maude")
    page = client.get(f"/jugements/{first.id}/revision").text
    assert "Le délai de 10 jours ouvrables s’est terminé le" in page
    assert "<textarea" not in page


def test_coordinator_names_and_the_reviewer_decides_on_the_page(
    client: TestClient, database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    as_(client, database, world, "coordinator")
    path = f"/revisions/{panel.id}"
    assert f'value="{world.people["karim"]}"' in client.get(path).text
    assert f'value="{world.people["trainer"]}"' not in client.get(path).text
    wrong = client.post(f"{path}/evaluation", data={"assessor_ids": [world.people["trainer"]]})
    assert (wrong.status_code, "ne peut pas juger ce travail" in wrong.text) == (422, True)
    assert client.post(f"{path}/evaluation", data={"assessor_ids": [world.people["karim"]]}).status_code == 303
    as_(client, database, world, "karim")
    page = client.get(path).text
    assert "Cinq ressources &amp; leur rôle &lt;ici&gt;." in page
    assert 'id="level-1"' not in page, "a level below the contested one is not offered"
    body = {"level": "3", "criteria_met": list(ALL_CN01), "reasons": REASONS}
    assert client.post(f"{path}/avis", data=body).status_code == 303
    as_(client, database, world, "maude")
    decided = client.get(path).text
    assert "un nouveau jugement remplace le premier" in decided
    assert REASONS in decided
    assert "Faire appel" in decided


def test_refused_opinion_gives_back_what_was_typed(client: TestClient, database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    as_(client, database, world, "karim")
    body = {"level": "4", "criteria_met": [ALL_CN01[0]], "reasons": REASONS}
    refused = client.post(f"/revisions/{panel.id}/avis", data=body)
    assert refused.status_code == 422
    assert REASONS in refused.text


def test_trainer_of_the_college_takes_a_review_from_the_list(
    client: TestClient, database: Database, world: World
) -> None:
    add_trainers(database, world, "nobody", cohort=False)
    panel = ask(database, world, judged(database, world).id)
    as_(client, database, world, "nobody")
    assert "Prendre cette révision" in client.get("/revisions").text
    taken = client.post(f"/revisions/{panel.id}/prise")
    assert taken.headers["location"] == f"/revisions/{panel.id}"
    assert "Prendre cette révision" not in client.get("/revisions").text


def test_coordinator_opens_a_double_assessment_and_differing_levels_say_that_nothing_follows(
    client: TestClient, database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    ref = hand_in(database, world)
    as_(client, database, world, "coordinator")
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01/double-evaluation"
    assert f'value="hand_in:{ref.id}"' in client.get(path).text
    one = {"evidence": [f"hand_in:{ref.id}"], "assessor_ids": [world.people["trainer"]]}
    assert "Choisissez 2 personnes différentes." in client.post(path, data=one).text
    both = {**one, "assessor_ids": [world.people["trainer"], world.people["karim"]]}
    opened = client.post(path, data=both).headers["location"]
    panel = int(opened.rsplit("/", 1)[1])
    speak(database, world, panel, "trainer", 1)
    assert read(database, world, panel, "coordinator").opinions == ()
    speak(database, world, panel, "karim", 3)
    as_(client, database, world, "trainer")
    page = client.get(opened).text
    assert "Vos niveaux diffèrent." in page
    assert "de part et d’autre du seuil" in page


@pytest.mark.parametrize("member", [True, False])
def test_assessor_of_another_cohort_opens_the_files_of_the_panel(
    client: TestClient, database: Database, world: World, member: bool
) -> None:
    add_trainers(database, world, "karim", "elise", cohort=False)
    as_(client, database, world, "maude")
    enrolment = world.enrolments["maude"]
    files = {"file": ("carte.pdf", PDF, "application/pdf")}
    url = f"/api/v1/enrolments/{enrolment}/hand-in-files"
    sent = client.post(url, data={"activity_code": "GEN-1.C"}, files=files).json()["id"]
    other = hand_in(database, world, attempt=2).id
    work = EvidenceRef(kind=EvidenceKind.HAND_IN, id=sent)
    panel = ask(database, world, judge(database, world, judge_command(work)).id)
    name(database, world, panel.id, "karim" if member else "elise")
    as_(client, database, world, "karim")
    path = f"/api/v1/panels/{panel.id}/hand-ins"
    assert client.get(f"/api/v1/hand-ins/{sent}/file").status_code == 404, "it is of another cohort"
    expected = 200 if member else 404
    for what in ("file", "preview"):
        assert client.get(f"{path}/{sent}/{what}").status_code == expected
        assert client.get(f"{path}/{other}/{what}").status_code == 404, "the panel does not judge it"
    if member:
        assert client.get(f"{path}/{sent}/file").content == PDF
        assert f'src="{path}/{sent}/preview"' in client.get(f"/revisions/{panel.id}").text


def test_assessor_who_declares_an_interest_opens_the_files_no_more(
    client: TestClient, database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    panel = ask(database, world, judged(database, world).id)
    name(database, world, panel.id, "karim")
    as_(client, database, world, "karim")
    assert "Cinq ressources" in client.get(f"/revisions/{panel.id}").text
    declare(database, world, "karim", kind="person", about_id=world.people["maude"])
    assert "Cinq ressources" not in client.get(f"/revisions/{panel.id}").text
