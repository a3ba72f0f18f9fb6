"""The letters of messages: one each, at the time and in the form that their reader chose."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import text

from app.notifications import service
from app.notifications.enums import Kind, MailChoice
from app.notifications.letters import AGAIN_AFTER, write_letters
from app.notifications.preferences.schemas import ChangePreferences, KindChoice
from app.notifications.preferences.service import change, preferences
from app.notifications.schemas import Event, NotificationsApiQuery
from app.platform.clock import at
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import Invalid
from app.platform.messages.i18n import NBSP, today
from app.platform.security.permissions import P
from tests.factories.calendars import session_entry
from tests.factories.cohorts import fields, page
from tests.factories.forms import form_to
from tests.factories.network import World, acting, as_
from tests.factories.notifications import forget_messages, inbox
from tests.factories.outbox import messages
from tests.notifications.test_service import admitted, tell

V1 = "/api/v1/me/mail-preferences"
NOON = datetime.combine(today(), datetime.min.time(), ZoneInfo("America/Toronto")).replace(hour=12)
NIGHT = NOON.replace(hour=23)
MORNING = (NOON + timedelta(days=1)).replace(hour=7)


@pytest.fixture(autouse=True)
def no_messages(database: Database) -> None:
    """Forget what the people of the small network were told while it was made."""
    forget_messages(database)


def judged(world: World, number: int) -> Event:
    """Return a judgement of Maude."""
    params = {"cohort": "Généraliste", "competency": f"Compétence {number}"}
    return Event(Kind.JUDGED, f"judgement:{number}", [world.people["maude"]], "/parcours", params, world.alma)


def cancelled(world: World) -> Event:
    """Return the cancellation of a session of Maude's."""
    params = {"cohort": "G", "activity": "Atelier", "starts_at": MORNING, "timezone": "America/Toronto"}
    entries = (session_entry(starts_at=MORNING, is_cancelled=True),)
    people = [world.people["maude"]]
    return Event(Kind.SESSION_CANCELLED, "session:1:1", people, "/parcours", params, world.alma, entries)


def choose(database: Database, world: World, **given: Any) -> None:
    """Have Maude choose how she gets e-mails."""
    with database.transaction() as db:
        change(db, acting(db, world, "maude", P.ME_MANAGE), ChangePreferences(**given))


def written(database: Database, settings: Settings, moment: datetime) -> list[str]:
    """Return the subjects of all letters once the worker has run at a moment."""
    with at(moment):
        write_letters(database, settings)
    return [subject.replace(NBSP, " ") for _, subject, _ in messages(database)]


ALL = NotificationsApiQuery()
DIGEST = (KindChoice(kind=Kind.JUDGED, choice=MailChoice.DIGEST),)


def test_each_message_gets_one_letter(database: Database, world: World, settings: Settings) -> None:
    with at(NOON):
        tell(database, world, admitted(world, "maude", "karim"))
        assert [write_letters(database, settings), write_letters(database, settings)] == [2, 0]
    letters = messages(database)
    assert {to for to, _, _ in letters} == {world.emails["maude"], world.emails["karim"]}
    for _, subject, body in letters:
        assert subject.replace(NBSP, " ") == "Votre candidature est acceptée : Généraliste"
        for address in ("parcours", "messages", "messages/courriels"):
            assert f"http://testserver/{address}\n" in body


def test_more_people_than_one_transaction_sees_to_all_get_theirs(
    database: Database, world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.notifications.letters.AT_ONCE", 2)
    with at(NOON):
        tell(database, world, admitted(world, "maude", "karim", "elise", "yves", "nobody"))
        assert write_letters(database, settings) == 5


@pytest.mark.parametrize("chosen", [(), DIGEST])
def test_a_message_that_cannot_be_written_stops_no_other_letter(
    database: Database, world: World, settings: Settings, chosen: tuple[KindChoice, ...]
) -> None:
    choose(database, world, choices=chosen)
    with at(NOON):
        tell(database, world, judged(world, 1), judged(world, 2), admitted(world, "karim"))
    with database.engine.begin() as owner:
        owner.execute(text("update notification set kind = 'gone ' || kind where event_key = 'judgement:1'"))
    moment = MORNING + timedelta(hours=1)
    assert len(written(database, settings, moment)) == 2
    [letter] = [body for to, _, body in messages(database) if to == world.emails["maude"]]
    assert "Compétence 2" in letter
    assert len(written(database, settings, moment)) == 2
    with database.engine.begin() as owner:
        owner.execute(text("update notification set kind = substr(kind, 6) where event_key = 'judgement:1'"))
    assert len(written(database, settings, moment + AGAIN_AFTER)) == 3


def test_nothing_is_sent_to_an_account_that_is_suspended(database: Database, world: World, settings: Settings) -> None:
    with at(NOON):
        tell(database, world, admitted(world, "maude"))
    with database.engine.begin() as owner:
        suspend = text("update account set suspended_at = now() where person_id = :id")
        owner.execute(suspend, {"id": world.people["maude"]})
    assert written(database, settings, NOON) == []
    assert len(inbox(database, world, "maude")) == 1


def test_a_letter_of_the_night_waits_for_the_morning_unless_a_session_changes(
    database: Database, world: World, settings: Settings
) -> None:
    with at(NIGHT):
        tell(database, world, judged(world, 1), cancelled(world))
    assert written(database, settings, NIGHT) == ["Séance annulée : Atelier"]
    assert len(written(database, settings, MORNING - timedelta(minutes=1))) == 1
    assert written(database, settings, MORNING)[1:] == ["Compétence évaluée : Compétence 1"]
    assert len(written(database, settings, MORNING)) == 2


def test_a_letter_that_is_late_does_not_leave_in_the_night(
    database: Database, world: World, settings: Settings
) -> None:
    with at(NOON):
        tell(database, world, judged(world, 1))
    assert written(database, settings, NIGHT) == []
    assert written(database, settings, MORNING) == ["Compétence évaluée : Compétence 1"]


def test_a_digest_gathers_what_is_unread_in_one_letter(database: Database, world: World, settings: Settings) -> None:
    choose(database, world, choices=DIGEST)
    with at(NOON):
        tell(database, world, judged(world, 1), judged(world, 2), judged(world, 3), cancelled(world))
        assert written(database, settings, NOON) == ["Séance annulée : Atelier"]
        with database.transaction() as db:
            actor = acting(db, world, "maude", P.ME_MANAGE)
            [_, third, *_] = sorted(service.notifications_of(db, actor, ALL).items, key=lambda one: -one.id)
            service.mark_read(db, actor, third.id)
    [_, digest] = written(database, settings, MORNING)
    assert digest.endswith("2 messages")
    body = messages(database)[1][2]
    assert [f"Compétence {n}" in body for n in (1, 2, 3)] == [True, True, False]
    assert len(written(database, settings, MORNING)) == 2


def test_a_digest_of_nothing_unread_is_not_written(database: Database, world: World, settings: Settings) -> None:
    choose(database, world, choices=DIGEST)
    with at(NOON):
        tell(database, world, judged(world, 1))
        written(database, settings, NOON)
        with database.transaction() as db:
            service.mark_all_read(db, acting(db, world, "maude", P.ME_MANAGE))
    assert written(database, settings, MORNING) == []


def test_the_start_of_a_training_may_have_no_letter_and_stays_in_the_inbox(
    database: Database, world: World, settings: Settings
) -> None:
    choose(database, world, choices=(KindChoice(kind=Kind.TRAINING_STARTED, choice=MailChoice.NONE),))
    event = Event(Kind.TRAINING_STARTED, "1", [world.people["maude"]], "/parcours", {"cohort": "G"}, world.alma)
    with at(NOON):
        tell(database, world, event)
    assert written(database, settings, NOON) == []
    assert inbox(database, world, "maude") == ["Votre formation commence : G"]


@pytest.mark.parametrize(("english", "subject"), [(True, "Competency assessed: "), (False, "Compétence évaluée : ")])
def test_a_letter_is_in_the_language_of_its_reader_where_the_deployment_has_it(
    database: Database, world: World, settings: Settings, english: bool, subject: str
) -> None:
    choose(database, world, language="en")
    with at(NOON):
        tell(database, world, judged(world, 1))
    offered = settings.model_copy(update={"english": english})
    assert written(database, offered, NOON) == [f"{subject}Compétence 1"]


def test_what_must_be_known_cannot_be_refused(database: Database, world: World) -> None:
    with pytest.raises(ValidationError):
        KindChoice(kind=Kind.JUDGED, choice=MailChoice.NONE)
    with pytest.raises(Invalid):
        choose(database, world, timezone="Nulle/Part")
    with database.transaction() as db:
        shown = preferences(db, acting(db, world, "maude", P.ME_READ))
    assert {one.choice for one in shown.choices} == {MailChoice.AT_ONCE}


def test_nobody_reads_the_choices_of_another(database: Database, world: World) -> None:
    choose(database, world, choices=DIGEST)
    for who, rows in (("maude", 1), ("coordinator", 0), ("admin", 0)):
        with database.transaction() as db:
            acting(db, world, who, P.ME_READ)
            assert db.execute(text("select count(*) from mail_preference")).scalar_one() == rows


def test_choices_made_on_the_page_are_shown_there_and_by_the_api(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    html = page(client.get("/messages/courriels"))
    sent = fields(html, "/messages/courriels")
    assert (sent["quiet_from"], sent["quiet_until"], sent["timezone"]) == (["21"], ["7"], ["America/Toronto"])
    assert "Séance déplacée" in html
    sent["choices"] = [one.replace("judged:at_once", "judged:digest") for one in sent["choices"]]
    sent |= {"quiet_from": [""], "quiet_until": ["6"]}
    answer = client.post(form_to(html, "/messages/courriels").action, data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/messages")
    assert 'value="judged:digest" selected' in page(client.get("/messages/courriels"))
    shown = client.get(V1).json()
    assert (shown["quiet_from"], shown["quiet_until"]) == (None, 6)
    assert {one["kind"] for one in shown["choices"] if one["choice"] == "digest"} == {"judged"}


def test_a_form_with_a_choice_that_is_not_offered_comes_back(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    html = page(client.get("/messages/courriels"))
    sent = fields(html, "/messages/courriels") | {"choices": ["session_moved:none"], "quiet_from": ["22"]}
    refused = page(client.post(form_to(html, "/messages/courriels").action, data=sent), 422)
    assert "le message doit être connu" in refused
    assert 'value="22" selected' in refused
    assert client.get(V1).json()["quiet_from"] == 21
    body = {"choices": [{"kind": "session_moved", "choice": "none"}]}
    assert client.put(V1, json=body).status_code == 422
