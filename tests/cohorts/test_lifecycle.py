"""A cohort moves from draft to archived, through its pages and its API, with the people whose state follows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort, CohortMove, Enrolment
from app.platform.database.transaction import Database
from app.platform.errors import NotFound
from app.platform.messages.i18n import today
from tests.factories.cohorts import applied, called, fields, meeting, move, page, set_state, state_of
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import STARTED, World, as_, count

API = "/api/v1"
C, S = CohortState, EnrolmentState


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    return as_(client, database, world, "coordinator")


def cohort_state(database: Database, world: World) -> CohortState:
    """Return the state of Alma's cohort as it is kept."""
    with database.as_owner() as db:
        return db.get_one(Cohort, world.cohort).state


def post(client: TestClient, world: World, **body: Any) -> Any:
    """Ask for a move through the API, once its consequences were read, and return its answer."""
    moves = f"{API}/cohorts/{world.cohort}/moves"
    shown = body.get("shown") or client.get(f"{moves}/{body['to']}").json().get("shown")
    return client.post(moves, json={**body, "shown": shown})


def close_college(database: Database, world: World) -> None:
    """Close the college of Alma's cohort."""
    with database.engine.begin() as owner:
        closed = "update college set closed_at = now(), closed_reason = 'Fusion' where id = :id"
        owner.execute(text(closed), {"id": world.alma})


def opened(database: Database, world: World, *, days: int = 30) -> list[int]:
    """Make Alma's cohort open, its first day to come, with everyone admitted; return the enrolments."""
    people = [world.enrolments[who] for who in ("maude", "karim", "elise", "yves")]
    for who in ("maude", "karim", "elise", "yves"):
        move(database, world, world.enrolments[who], S.ADMITTED, reason="Pas encore.")
    starts_on = today() + timedelta(days=days)
    set_state(database, world, C.OPEN, starts_on=starts_on, ends_on=starts_on + timedelta(weeks=16))
    return people


def test_early_start_is_confirmed_with_its_numbers_and_a_reason(
    coordinator: TestClient, database: Database, world: World
) -> None:
    people = opened(database, world)
    path = f"/cohortes/{world.cohort}/etat/running"
    html = page(coordinator.get(path))
    assert "4 personnes admises commencent" in html
    assert "30 jours avant la date de début" in html
    assert state_of(database, world, people[0]) is S.ADMITTED, "reading changes nothing"
    sent = fields(html, path)
    refused = page(coordinator.post(path, data={**sent, "leave_incomplete": "", "reason": ""}), 409)
    assert "Pour la démarrer avant cette date, écrivez pourquoi." in refused
    assert cohort_state(database, world) is C.OPEN
    done = coordinator.post(path, data={**sent, "reason": "Salle libre plus tôt."})
    assert done.headers["location"] == f"/cohortes/{world.cohort}/etat"
    assert [state_of(database, world, id_) for id_ in people] == [S.ACTIVE] * 4
    history = page(coordinator.get(f"/cohortes/{world.cohort}/etat"))
    assert "De « Ouverte » à « En cours », par Corinne Coordination" in history
    assert "4 inscriptions ont changé d’état." in history
    assert "Salle libre plus tôt." in history


def test_move_is_refused_when_what_was_shown_has_changed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    opened(database, world, days=0)
    path = f"/cohortes/{world.cohort}/etat/running"
    sent = fields(page(coordinator.get(path)), path)
    move(database, world, world.enrolments["maude"], S.WITHDRAWN, reason="Autre emploi.")
    as_(coordinator, database, world, "coordinator")
    html = page(coordinator.post(path, data={**sent, "reason": "Comme prévu."}), 409)
    assert "La cohorte a changé depuis que vous avez lu cette page" in html
    assert "3 personnes admises commencent" in html
    assert 'value="Comme prévu."' in html
    assert cohort_state(database, world) is C.OPEN
    assert coordinator.post(path, data=fields(html, path)).status_code == 303
    assert cohort_state(database, world) is C.RUNNING


def test_preview_of_the_api_is_what_the_move_does(coordinator: TestClient, database: Database, world: World) -> None:
    opened(database, world, days=0)
    preview = coordinator.get(f"{API}/cohorts/{world.cohort}/moves/running").json()
    assert (preview["allowed"], preview["needs_reason"]) == (True, False)
    assert {"code": "become_active", "params": {"n": 4}} in preview["effects"]
    for unread in ({}, {"shown": None}):
        answer = coordinator.post(f"{API}/cohorts/{world.cohort}/moves", json={"to": "running", **unread})
        assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("shown", "preview_needed")]
    wrong = post(coordinator, world, to="running", shown="0" * 16)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "cohort_changed")
    made = post(coordinator, world, to="running", shown=preview["shown"])
    assert (made.status_code, made.json()["state"], made.json()["people"]) == (201, "running", 4)
    history = coordinator.get(f"{API}/cohorts/{world.cohort}/moves").json()
    assert [(m["from_state"], m["to_state"], m["people"]) for m in history[:1]] == [("open", "running", 4)]


def test_start_too_early_is_taken_back_with_everyone_it_started(
    coordinator: TestClient, database: Database, world: World
) -> None:
    people = opened(database, world)
    assert post(coordinator, world, to="running", reason="Erreur de date.").status_code == 201
    assert post(coordinator, world, to="open").json()["code"] == "reason_needed"
    assert post(coordinator, world, to="open", reason="Un mois trop tôt.").json()["people"] == 4
    assert [state_of(database, world, id_) for id_ in people] == [S.ADMITTED] * 4


def test_start_is_not_taken_back_once_a_presence_was_recorded(
    coordinator: TestClient, database: Database, world: World
) -> None:
    called(database, world, meeting(database, world))
    as_(coordinator, database, world, "coordinator")
    refused = post(coordinator, world, to="open", reason="Erreur.")
    assert [(e["code"], e["params"]) for e in refused.json()["errors"]] == [("people_have_records", {"n": 4})]


def test_cohort_closes_with_those_who_have_not_finished_left_incomplete(
    coordinator: TestClient, database: Database, world: World
) -> None:
    candidate = applied(database, world)
    as_(coordinator, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/etat/closed"
    assert "1 candidature attend une réponse" in page(coordinator.get(path))
    assert post(coordinator, world, to="closed", reason="Fin.").json()["code"] == "applications_unanswered"
    move(database, world, candidate, S.REFUSED, reason="Complet.")
    html = page(coordinator.get(path))
    sent = {**fields(html, path), "reason": "Fin du financement."}
    assert "4 personnes qui n’ont pas terminé" in html
    assert "cochez la case" in page(coordinator.post(path, data=sent), 409)
    assert coordinator.post(path, data={**sent, "leave_incomplete": "true"}).status_code == 303
    assert state_of(database, world, world.enrolments["maude"]) is S.INCOMPLETE
    moves = coordinator.get(f"{API}/enrolments/{world.enrolments['maude']}/moves").json()
    assert (moves[-1]["to_state"], moves[-1]["reason"]) == ("incomplete", "Fin du financement.")
    with database.as_owner() as db:
        assert db.get_one(Cohort, world.cohort).applications_open is False


def test_closed_cohort_begins_nothing_new(coordinator: TestClient, database: Database, world: World) -> None:
    candidate = applied(database, world)
    set_state(database, world, C.CLOSED)
    as_(coordinator, database, world, "coordinator")
    cohort = f"{API}/cohorts/{world.cohort}"
    admission = {"to": "admitted", "reason": "Exception."}
    answers = [
        coordinator.post(f"{API}/enrolments/{candidate}/moves", json=admission),
        coordinator.put(f"{cohort}/applications-open", json={"is_open": True}),
        coordinator.post(f"{cohort}/sessions", json={"activity_code": "GEN-1.B", "starts_at": f"{today()}T15:00:00Z"}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "cohort_closed")] * 3
    html = page(coordinator.get(f"/cohortes/{world.cohort}"))
    assert f'action="/cohortes/{world.cohort}/ouverture' not in html


def test_archived_cohort_is_read_only_and_leaves_the_lists(
    coordinator: TestClient, database: Database, world: World
) -> None:
    session = meeting(database, world)
    set_state(database, world, C.CLOSED)
    as_(coordinator, database, world, "coordinator")
    assert post(coordinator, world, to="archived").status_code == 201
    cancelled = coordinator.post(f"{API}/sessions/{session}/cancellation", json={"reason": "Tempête."})
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "cohort_archived")
    maude = f"{API}/enrolments/{world.enrolments['maude']}"
    assert (
        coordinator.post(f"{maude}/moves", json={"to": "withdrawn", "reason": "x"}).json()["code"] == "cohort_archived"
    )
    as_(coordinator, database, world, "trainer")
    sheet = coordinator.get(f"{API}/sessions/{session}/roll-call").json()["entries"]
    entries = [{"enrolment_id": e["enrolment_id"], "status": "absent", "minutes": 0} for e in sheet]
    refused = coordinator.post(f"{API}/sessions/{session}/roll-call", json={"entries": entries})
    assert (refused.status_code, refused.json()["code"]) == (409, "cohort_archived")
    as_(coordinator, database, world, "coordinator")
    assert "Généraliste GEN-ALM-1" not in page(coordinator.get("/cohortes"))
    assert "Généraliste GEN-ALM-1" in page(coordinator.get("/cohortes", params={"etat": "archived"}))
    listed = coordinator.get(f"{API}/cohorts", params={"state": "archived"}).json()["items"]
    assert [c["id"] for c in listed] == [world.cohort]
    assert page(coordinator.get(f"/cohortes/{world.cohort}"))


def test_move_that_is_not_possible_is_explained_on_its_page(
    coordinator: TestClient, database: Database, world: World
) -> None:
    html = page(coordinator.get(f"/cohortes/{world.cohort}/etat/archived"))
    assert "L’état actuel de la cohorte ne mène pas à celui-là." in html
    assert coordinator.post(f"/cohortes/{world.cohort}/etat/archived", data={"shown": "0" * 16}).status_code == 409
    assert coordinator.get(f"/cohortes/{world.cohort}/etat/brouillon").status_code == 404


def test_draft_of_a_closed_college_does_not_open(coordinator: TestClient, database: Database, world: World) -> None:
    set_state(database, world, C.DRAFT)
    with database.engine.begin() as owner:
        owner.execute(
            text("update college set closed_at = now(), closed_reason = 'Fusion' where id = :id"), {"id": world.alma}
        )
    assert post(coordinator, world, to="open").json()["code"] == "college_closed"


def test_cohort_page_of_a_closed_college_offers_no_opening_of_applications(
    coordinator: TestClient, database: Database, world: World
) -> None:
    coordinator.put(f"{API}/cohorts/{world.cohort}/applications-open", json={"is_open": False})
    path = f"/cohortes/{world.cohort}"
    assert f'action="{path}/ouverture' in page(coordinator.get(path))
    with database.engine.begin() as owner:
        owner.execute(
            text("update college set closed_at = now(), closed_reason = 'Fusion' where id = :id"), {"id": world.alma}
        )
    html = page(coordinator.get(path))
    assert f'action="{path}/ouverture' not in html
    assert "Le collège est fermé" in html


def test_draft_is_hidden_from_applicants(client: TestClient, database: Database, world: World) -> None:
    set_state(database, world, C.DRAFT)
    as_(client, database, world, "nobody")
    assert client.get(f"/cohortes-ouvertes/{world.cohort}").status_code == 404
    with database.transaction() as db:
        assert count(db, "cohort") == 1, "of Rouyn: row-level security hides the draft too"


def test_history_of_moves_is_only_added_to(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        rows = db.execute(text("select from_state, to_state from cohort_move order by id")).all()
        assert rows == [("draft", "open"), ("open", "running")]
    for statement in ("update cohort_move set reason = 'Autre'", "delete from cohort_move"):
        with pytest.raises(ProgrammingError), database.transaction(colleges=[world.alma]) as db:
            db.execute(text(statement))
    assert CohortMove.__tablename__ == "cohort_move"


def test_database_refuses_applications_to_a_closed_cohort(database: Database, world: World) -> None:
    with pytest.raises(IntegrityError), database.engine.begin() as owner:
        owner.execute(
            text("update cohort set state = 'closed', applications_open = true where id = :id"), {"id": world.cohort}
        )


def test_own_enrolment_is_named_before_a_move_that_would_change_it(
    coordinator: TestClient, database: Database, world: World
) -> None:
    own = applied(database, world, "coordinator")
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Enrolment, own)
        row.state, row.joined_on = S.ACTIVE, today()
        db.add(row)
    as_(coordinator, database, world, "coordinator")
    for to in ("closed", "open"):
        preview = coordinator.get(f"{API}/cohorts/{world.cohort}/moves/{to}").json()
        assert {"code": "own_enrolment", "params": {"n": 1}} in preview["obstacles"]
        refused = post(coordinator, world, to=to, reason="Fin.", leave_incomplete=True)
        assert (refused.status_code, refused.json()["code"]) == (409, "own_enrolment")
    html = page(coordinator.get(f"/cohortes/{world.cohort}/etat/closed"))
    assert "Votre propre inscription changerait : une autre personne" in html


def test_sessions_to_come_and_rolls_not_called_are_counted(
    coordinator: TestClient, database: Database, world: World
) -> None:
    called(database, world, meeting(database, world, days=1))
    meeting(database, world, days=2)
    meeting(database, world, days=(today() - STARTED).days + 3)
    as_(coordinator, database, world, "coordinator")
    effects = coordinator.get(f"{API}/cohorts/{world.cohort}/moves/closed").json()["effects"]
    counted = {e["code"]: e["params"]["n"] for e in effects if e["code"] in {"sessions_to_come", "calls_open"}}
    assert counted == {"sessions_to_come": 1, "calls_open": 1}
    set_state(database, world, C.CLOSED)
    html = page(coordinator.get(f"/cohortes/{world.cohort}/etat/archived"))
    assert "1 séance à venir reste au calendrier" in html
    assert "1 séance passée n’a pas de feuille de présences fermée." in html


def test_application_waits_for_a_cohort_that_closes_and_is_refused(database: Database, world: World) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as closing:
            close = "update cohort set state = 'closed', applications_open = false where id = :id"
            closing.execute(text(close), {"id": world.cohort})
            application = pool.submit(applied, database, world)
            wait_for_lock_waiters(database, 1, application)
        with pytest.raises(NotFound):
            application.result()


def test_cohort_with_an_application_unanswered_is_not_archived(
    coordinator: TestClient, database: Database, world: World
) -> None:
    applied(database, world)
    set_state(database, world, C.CLOSED)
    as_(coordinator, database, world, "coordinator")
    assert post(coordinator, world, to="archived").json()["code"] == "applications_unanswered"
    html = page(coordinator.get(f"/cohortes/{world.cohort}/etat/archived"))
    assert f'href="/cohortes/{world.cohort}/candidatures"' in html


def test_page_of_a_move_leads_to_what_stands_in_its_way(
    coordinator: TestClient, database: Database, world: World
) -> None:
    set_state(database, world, C.DRAFT, starts_on=today() - timedelta(days=9), ends_on=today() - timedelta(days=1))
    html = page(coordinator.get(f"/cohortes/{world.cohort}/etat/open"))
    assert f'href="/cohortes/{world.cohort}/modification"' in html
    assert f'href="/cohortes/{world.cohort}/candidatures"' not in html
