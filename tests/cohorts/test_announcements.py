"""Announcements of a coordinator to a cohort: previewed as they will be read, sent once, to those whom they concern."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.announcements import service
from app.cohorts.announcements.schemas import NewAnnouncement
from app.cohorts.enums import EnrolmentState
from app.cohorts.service import see_cohort
from app.identity.roles.service import grant_role
from app.notifications.letters import write_letters
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import Conflict
from app.platform.messages.i18n import NBSP, QUEBEC
from app.platform.security.permissions import P, Role
from tests.factories.cohorts import move, page
from tests.factories.forms import form_to
from tests.factories.network import PARTICIPANTS, World, acting, as_
from tests.factories.notifications import forget_messages, inbox
from tests.factories.statements import recorded_statements

SUBJECT = "Stationnement « P2 »"
TEXT = "Bonjour à vous,\n\nLe stationnement P2 est fermé {demain} <jeudi> : prenez l’autre."
SITE = "https://escouade.example.org"
NOON = (now().astimezone(QUEBEC) + timedelta(days=1)).replace(hour=12)


def send(database: Database, world: World, who: str = "coordinator") -> None:
    """Send the announcement."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.COHORT_MANAGE)
        command = NewAnnouncement(subject=SUBJECT, text=TEXT)
        service.send(db, actor, see_cohort(db, actor, world.cohort), command, site=SITE)


def counts(database: Database) -> tuple[int, int]:
    """Return how many announcements and messages there are."""
    with database.engine.begin() as owner:
        row = owner.execute(text("select (select count(*) from announcement), (select count(*) from notification)"))
        announcements, messages = row.one()
    return announcements, messages


@pytest.fixture(autouse=True)
def no_messages(database: Database) -> None:
    """Forget what the people of the small network were told while it was made."""
    forget_messages(database)


def test_announcement_reaches_those_who_follow_and_train_the_cohort_once(database: Database, world: World) -> None:
    move(database, world, world.enrolments["karim"], EnrolmentState.ON_LEAVE, reason="Congé.")
    forget_messages(database)
    send(database, world)
    for who in {*PARTICIPANTS, "trainer"} - {"karim"}:
        assert inbox(database, world, who) == [f"Annonce : {SUBJECT}"], who
    for who in ("karim", "coordinator", "registrar", "admin", "nobody", "other_participant", "other_trainer"):
        assert inbox(database, world, who) == [], who


def test_announcement_reaches_all_but_its_author(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma]) as db:
        where = {"college_id": world.alma, "cohort_id": world.cohort}
        grant_role(db, world.people["coordinator"], Role.TRAINER, **where)
    send(database, world)
    assert inbox(database, world, "coordinator") == []
    assert len(inbox(database, world, "trainer")) == 1


def test_announcement_of_a_cohort_without_people_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update enrolment set state = 'refused', joined_on = null"))
        owner.execute(text("update role_held set ended_at = now() where role = 'trainer'"))
    with pytest.raises(Conflict, match="announcement_reaches_nobody"):
        send(database, world)
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/annonces"
    shown = page(client.post(f"{path}/apercu", data={"subject": SUBJECT, "text": TEXT}))
    assert "Personne ne suit cette cohorte ni ne la forme pour l’instant." in shown
    assert "Envoyer à" not in shown
    refused = client.post(path, data={"subject": SUBJECT, "text": TEXT})
    assert refused.status_code == 409
    assert "Le stationnement P2 est fermé {demain} &lt;jeudi&gt;" in refused.text
    assert counts(database) == (0, 0)


def test_announcement_of_an_archived_cohort_is_refused(database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update cohort set state = 'archived', applications_open = false"))
    with pytest.raises(Conflict, match="cohort_archived"):
        send(database, world)
    assert counts(database) == (0, 0)


def test_preview_shows_what_is_then_read_and_sends_nothing(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    client = as_(client, database, world, "coordinator")
    body = {"subject": SUBJECT, "text": TEXT, "dry_run": True}
    api = f"/api/v1/cohorts/{world.cohort}/announcements"
    preview = client.post(api, json=body).json()
    assert preview["announcement_id"] is None
    assert counts(database) == (0, 0)
    assert preview["reaches"] == len(preview["participants"]) + len(preview["trainers"]) == len(PARTICIPANTS) + 1
    key = {"Idempotency-Key": "une-annonce"}
    sent, again = (client.post(api, json=body | {"dry_run": False}, headers=key) for _ in range(2))
    assert (sent.status_code, again.json()) == (201, sent.json()), (
        "a lost answer is asked for again, nobody reads twice"
    )
    sent = sent.json()
    assert sent["announcement_id"]
    assert {**sent, "announcement_id": None} == preview
    read = as_(client, database, world, "maude").get("/api/v1/me/notifications").json()["items"][0]
    assert (read["title"], read["body"], read["page"]) == (preview["title"], preview["body"], "/messages")
    with at(NOON):
        write_letters(database, settings)
    with database.engine.begin() as owner:
        letters = owner.execute(text("select kind, subject, body from letter where kind <> 'reset'")).all()
    assert len(letters) == preview["reaches"]
    assert {letter.kind for letter in letters} == {"announcement"}
    assert {letter.body for letter in letters} == {preview["letter"]}
    assert {letter.subject.replace(NBSP, " ") for letter in letters} == {f"Annonce : {SUBJECT}"}
    assert TEXT in preview["letter"]


def test_pages_preview_an_announcement_then_send_it_once(client: TestClient, database: Database, world: World) -> None:
    client = as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/annonces"
    form = form_to(page(client.get(path)), f"{path}/apercu")
    for words in ("Brouillon.", TEXT):  # previewed, corrected with the same form, previewed again
        shown = page(client.post(form.action, data={"subject": SUBJECT, "text": words}))
    assert "Une fois envoyée, une annonce ne se reprend pas" in shown
    assert "Maude" in shown
    assert counts(database) == (0, 0)
    confirm = form_to(shown, path)
    answers = [client.post(confirm.action, data=confirm.data()) for _ in range(2)]
    assert [(a.status_code, a.headers["location"]) for a in answers] == [(303, path)] * 2
    assert counts(database) == (1, len(PARTICIPANTS) + 1)
    answer = client.get(path)
    listed = page(answer)
    assert re.search(r"1.annonce", listed)
    assert "fermé {demain} <jeudi> :" in listed
    assert "<jeudi>" not in answer.text
    assert "1 annonce" in page(client.get(path, params={"recherche": "stationnement FERME"})).replace(NBSP, " ")
    [item] = client.get(f"/api/v1/cohorts/{world.cohort}/announcements").json()["items"]
    assert (item["subject"], item["text"], item["reaches"]) == (SUBJECT, TEXT, len(PARTICIPANTS) + 1)
    messages = page(as_(client, database, world, "maude").get("/messages"))
    assert "fermé {demain} <jeudi> :" in messages


@pytest.mark.parametrize("bad", [{"text": " "}, {"subject": ""}, {"text": "x" * 4001}, {"subject": "x" * 121}])
def test_announcement_that_cannot_be_read_comes_back_with_all_that_was_typed(
    client: TestClient, database: Database, world: World, bad: dict[str, str]
) -> None:
    client = as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/annonces"
    refused = client.post(f"{path}/apercu", data={"subject": "Un objet gardé", "text": "Un texte gardé."} | bad)
    assert refused.status_code == 422
    typed = {"subject": "Un objet gardé", "text": "Un texte gardé."} | bad
    assert all(value in refused.text for value in typed.values())
    assert counts(database) == (0, 0)


def test_coordinator_of_another_college_neither_reads_nor_writes(
    client: TestClient, database: Database, world: World
) -> None:
    send(database, world)
    client = as_(client, database, world, "other_coordinator")
    api = f"/api/v1/cohorts/{world.cohort}/announcements"
    assert client.get(api).status_code == 404
    assert client.post(api, json={"subject": SUBJECT, "text": TEXT}).status_code == 404
    assert counts(database)[0] == 1


def test_announcement_is_sent_with_as_many_statements_whatever_the_number_of_people(
    database: Database, world: World
) -> None:
    def sending() -> int:
        with recorded_statements(database) as statements:
            send(database, world)
        return len(statements)

    everyone = sending()
    for who in ("karim", "elise"):
        move(database, world, world.enrolments[who], EnrolmentState.ON_LEAVE, reason="Congé.")
    assert sending() == everyone
