"""Pages of the queue and of the grading form, as a browser without JavaScript uses them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import event

from app.platform.database.transaction import Database
from tests.factories.grading import ALL_CN01, add_trainer, hand_in, judge, judge_command, open_mandate
from tests.factories.network import World, as_


def form(evidence: int, competency: str = "CN-01", **given: Any) -> dict[str, Any]:
    return {
        "level": "2", "criteria_met": [f"{competency}.C1", f"{competency}.C2"],
        "evidence": [f"hand_in:{evidence}"], "comment": "Bien vu.", "activity_code": "",
        "work": str(evidence), "then": "next", **given,
    }  # fmt: skip


def test_the_queue_leads_to_the_evidence(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world, days=20)
    page = as_(client, database, world, "trainer").get("/jugements")
    assert page.status_code == 200
    assert "Maude Bérubé" in page.text
    assert "0 travail jugé sur 1" in page.text
    assert "20 jours" in page.text
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01?preuve={ref.id}"
    assert path in page.text
    form_page = client.get(path)
    assert form_page.status_code == 200
    assert "Cinq ressources &amp; leur rôle &lt;ici&gt;." in form_page.text
    assert "travail 1 sur 1" in form_page.text
    assert form_page.text.count("<h1>") == 1
    assert f'value="hand_in:{ref.id}" checked' in form_page.text
    assert "Cite au moins cinq ressources régionales" in form_page.text


def test_empty_queue_shows_a_notice(client: TestClient, database: Database, world: World) -> None:
    assert "Rien ne vous attend" in as_(client, database, world, "trainer").get("/jugements").text


def test_judge_then_next_goes_to_the_following_hand_in(client: TestClient, database: Database, world: World) -> None:
    first, second = hand_in(database, world, days=3), hand_in(database, world, "karim", days=1)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    moved = client.post(path, data=form(first.id, level="3", criteria_met=list(ALL_CN01)))
    assert moved.status_code == 303
    following = f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={second.id}"
    assert moved.headers["location"] == following
    assert "travail 2 sur 2" in client.get(following).text
    last = client.post(f"/parcours/{world.enrolments['karim']}/jugements/CN-01", data=form(second.id))
    assert last.headers["location"] == "/jugements"
    assert "Niveau 3, Maîtrisé" in client.get(path).text


def test_browser_goes_to_the_following_hand_in_by_one_redirect(
    client: TestClient, database: Database, world: World
) -> None:
    """The address has its one-time key already: the page does not redirect to itself for one."""
    first, second, third = (
        hand_in(database, world, who, days=n) for who, n in (("maude", 3), ("karim", 2), ("elise", 1))
    )
    as_(client, database, world, "trainer")
    browser = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    moved = client.post(path, data=form(first.id), headers=browser)
    following = moved.headers["location"]
    assert following.startswith(f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={second.id}&cle=")
    assert client.get(following, headers=browser).status_code == 200
    skipped = client.get(f"/jugements/voisine?preuve={second.id}", headers=browser).headers["location"]
    assert f"?preuve={third.id}&cle=" in skipped
    assert client.get(skipped, headers=browser).status_code == 200


def test_script_is_named_what_follows_before_and_after_the_judgement(
    client: TestClient, database: Database, world: World
) -> None:
    """It asks while its assessor writes, and shows that page when the answer to the form names the same one."""
    first = hand_in(database, world, code="GEN-5.C", days=2)
    second = hand_in(database, world, "karim", days=1)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements/"
    other = f"{path}CN-10?preuve={first.id}"
    last = f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={second.id}"
    page = client.get(f"{path}CN-02?preuve={first.id}").text
    action, prepared = (
        unescape(named) for named in re.findall(r'(?:action|data-next)="(/(?:parcours|jugements)/[^"]+)"', page)
    )
    assert client.get(prepared).headers["location"] == other
    script = {"Accept": "application/json"}
    sent = [client.post(action, data=form(first.id, "CN-02"), headers=script) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in sent] == [(200, {"location": other})] * 2
    assert "escouade-saved" in sent[0].headers["set-cookie"]
    prepared = unescape(re.findall(r'data-next="([^"]+)"', client.get(other).text)[0])
    assert client.get(prepared).headers["location"] == last
    assert client.post(f"{path}CN-10", data=form(first.id, "CN-10"), headers=script).json() == {"location": last}
    refused = client.post(f"{path}CN-10", data=form(first.id, "CN-10", level=""), headers=script)
    assert refused.status_code == 422
    assert "text/html" in refused.headers["content-type"]


def test_another_competency_of_the_same_evidence(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world, code="GEN-5.C")
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements/"
    assert "Enregistrer, puis CN-10" in client.get(f"{path}CN-02?preuve={ref.id}").text
    moved = client.post(f"{path}CN-02", data=form(ref.id, "CN-02", then="CN-10"))
    assert moved.headers["location"] == f"{path}CN-10?preuve={ref.id}"
    stayed = client.post(f"{path}CN-10", data=form(ref.id, "CN-10", then="anything", level="1"))
    assert stayed.headers["location"] == f"{path}CN-10?preuve={ref.id}"


def test_review_without_a_reason_is_refused(client: TestClient, database: Database, world: World) -> None:
    evidence = hand_in(database, world, code="GEN-3.C"), open_mandate(database, world)
    made = judge(database, world, judge_command(*evidence, competency_code="CN-04"))
    as_(client, database, world, "trainer")
    path = f"/parcours/{made.enrolment_id}/jugements/CN-04"
    page = client.get(f"{path}?remplace={made.id}").text
    assert 'name="supersedes"' in page
    assert 'name="reason"' in page
    assert "Scierie du Lac" in page
    data = form(made.evidence[0].id, "CN-04", level="1", supersedes=str(made.id), then="stay", work="")
    refused = client.post(path, data={**data, "reason": ""})
    assert refused.status_code == 422
    assert "Bien vu." in refused.text
    assert client.post(path, data={**data, "reason": "Erreur de saisie"}).headers["location"] == path
    history = client.get(path).text
    assert "remplacé" in history
    assert "Erreur de saisie" in history


def test_refused_form_names_the_missing_evidence(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world)
    as_(client, database, world, "trainer")
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    refused = client.post(path, data={**form(ref.id), "evidence": []})
    assert refused.status_code == 422
    assert "au moins une preuve" in refused.text
    assert client.post(path, data={**form(ref.id), "evidence": ["hand_in:1;drop"]}).status_code == 422
    assert client.post(path, data=form(ref.id, level="5")).status_code == 422
    assert client.post(path, data=form(ref.id, comment="", then="stay")).status_code == 303


def test_refused_level_gives_back_the_form_and_says_what_the_criteria_propose(
    client: TestClient, database: Database, world: World
) -> None:
    ref = hand_in(database, world)
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    page = as_(client, database, world, "trainer").get(f"{path}?preuve={ref.id}").text
    assert "1 critère coché, niveau 1; 2 critères cochés, niveau 2; 3 critères cochés, niveau 3." in page
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"criteria_met": []}, "Cochez au moins un critère de"),
        ({"level": "1", "comment": ""}, "Les critères cochés proposent le niveau 2"),
    )
    for typed, message in cases:
        refused = client.post(path, data=form(ref.id, **typed))
        assert refused.status_code == 422
        assert message in refused.text
        assert f'value="hand_in:{ref.id}" checked' in refused.text
        assert ("Bien vu." in refused.text) is ("comment" not in typed)
    fourth = form(ref.id, "CN-04", level="4", criteria_met=["CN-04.C1", "CN-04.C2", "CN-04.C3"])
    other = client.post(path.replace("CN-01", "CN-04"), data=fourth)
    assert other.status_code == 422
    assert "ce qu’elle a produit ne montre pas" in other.text
    assert "Bien vu." in other.text


def test_participant_reads_the_judgement_without_a_form(client: TestClient, database: Database, world: World) -> None:
    made = judge(database, world, judge_command(hand_in(database, world)))
    as_(client, database, world, "maude")
    path = f"/parcours/{made.enrolment_id}/jugements/CN-01"
    page = client.get(path)
    assert page.status_code == 200
    assert "Bien vu." in page.text
    assert 'name="level"' not in page.text
    assert client.post(path, data=form(made.evidence[0].id)).status_code == 403
    assert client.get(f"/parcours/{made.enrolment_id}/jugements/CN-99").status_code == 404
    assert as_(client, database, world, "karim").get(path).status_code == 404


def test_unknown_competency_is_not_found(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world)
    as_(client, database, world, "trainer")
    for competency in ("CN-99", "C" * 300):
        path = f"/parcours/{world.enrolments['maude']}/jugements/{competency}"
        assert client.post(path, data=form(ref.id)).status_code == 404


@contextmanager
def queue_queries(database: Database) -> Iterator[list[str]]:
    """Collect the statements that compute a queue while the block runs."""
    statements: list[str] = []

    def record(*args: object) -> None:
        if "AS newest" in str(args[2]):
            statements.append(str(args[2]))

    event.listen(database.request_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(database.request_engine, "before_cursor_execute", record)


def test_queue_takes_as_few_queries_as_each_request_needs(client: TestClient, database: Database, world: World) -> None:
    first, second = hand_in(database, world, days=3), hand_in(database, world, "karim", days=1)
    as_(client, database, world, "trainer")
    maude = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    karim = f"/parcours/{world.enrolments['karim']}/jugements/CN-01"
    for path, expected in (
        ("/jugements", 3),  # the page of the list, how many rows it has, and the counts of all that waits
        ("/api/v1/me/judgement-queue", 2),  # a page by key, and the counts
        (f"{maude}?preuve={first.id}", 1),  # the place of a hand-in, with the counts
        (maude, 0),
    ):
        with queue_queries(database) as queries:
            assert client.get(path).status_code == 200
        assert len(queries) == expected, path
    for path, data, expected in (
        (maude, form(first.id), 1),
        (karim, form(second.id, then="stay"), 0),
        (karim, form(second.id, then="CN-10", level="1"), 0),
    ):
        with queue_queries(database) as queries:
            assert client.post(path, data=data).status_code == 303
        assert len(queries) == expected, data["then"]
    as_(client, database, world, "maude")
    with queue_queries(database) as queries:
        assert client.get(maude).status_code == 200
    assert queries == []


def test_form_of_a_judgement_is_not_offered_to_the_person_it_is_about(
    client: TestClient, database: Database, world: World
) -> None:
    """Maude, also a trainer of her cohort, reads why another trainer judges her (BR-13)."""
    add_trainer(database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}/jugements/CN-01"
    html = as_(client, database, world, "maude").get(path).text
    assert "Demandez à une autre personne du collège" in html
    assert f'action="{path}' not in html
    assert 'id="rubric-title"' in html
    assert f'action="{path}' in as_(client, database, world, "trainer").get(path).text
