"""Pages of the calendar, of roll calls and of one enrolment: forms from end to end without JavaScript."""

import re
from datetime import UTC, date, datetime, timedelta

from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.models import Cohort
from app.identity.roles.service import grant_role
from app.platform.database.transaction import Database
from app.platform.messages.i18n import local, today
from app.platform.security.permissions import P, Role
from app.progress.models import ProgressRow
from tests.factories.cohorts import called, fields, meeting, page, set_state
from tests.factories.network import PARTICIPANTS, World, acting, as_
from tests.factories.statements import recorded_statements

# The calendar -----------------------------------------------------------------------------------


def test_pages_of_an_archived_cohort_offer_nothing_that_would_be_refused(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, "coordinator")
    paths = (f"/cohortes/{world.cohort}/seances", f"/seances/{session_id}")
    assert all("/annulation" in client.get(path).text for path in paths)
    set_state(database, world, CohortState.ARCHIVED)
    for path in paths:
        shown = client.get(path)
        assert shown.status_code == 200
        assert not re.search(r"/(annulation|modification|appel|retablissement)\"", shown.text)
        assert 'name="clock"' not in shown.text


def autumn_cohort(database: Database, world: World) -> None:
    """Move Alma's cohort to the months around the clock changes of 2026 and 2027."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.starts_on, row.ends_on = date(2026, 9, 7), date(2027, 4, 15)
        db.add(row)


def test_a_session_is_scheduled_at_the_hour_of_its_place(client: TestClient, database: Database, world: World) -> None:
    autumn_cohort(database, world)
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/seances"
    sent = {**fields(page(client.get(path)), path), "activity_code": "GEN-1.B", "day": "2026-12-01", "clock": "13:30"}
    assert client.post(path, data=sent).headers["location"] == path
    html = page(client.get(path))
    assert "1er décembre 2026" in html
    assert "13 h 30" in html
    with database.transaction(colleges=[world.alma]) as db:
        row = db.exec(select(ScheduledSession)).one()
        assert (row.starts_at, row.planned_minutes, row.place) == (
            datetime(2026, 12, 1, 18, 30, tzinfo=UTC), 180, "Alma",
        )  # fmt: skip


def test_session_form_at_a_skipped_or_repeated_hour_is_refused_or_asks_which(
    client: TestClient, database: Database, world: World
) -> None:
    autumn_cohort(database, world)
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/seances"
    blank = fields(page(client.get(path)), path)
    assert "second" not in blank
    html = page(client.post(path, data={**blank, "day": "2027-03-14", "clock": "02:30", "place": "Salle B"}), 422)
    assert "Cette heure n’existe pas" in html
    assert 'value="Salle B"' in html
    html = page(client.post(path, data={**blank, "day": "2026-11-01", "clock": "01:30"}), 422)
    assert "Cette heure revient deux fois" in html
    assert fields(html, path)["clock"] == ["01:30"]
    for choice in ("first", "second"):
        sent = {**fields(html, path), "second": choice, "planned_minutes": "60"}
        assert client.post(path, data=sent).status_code == 303
    html = page(client.post(path, data={**blank, "day": "2062-11-01", "clock": "10:30"}), 422)
    assert "vérifiez l’année" in html
    with database.transaction(colleges=[world.alma]) as db:
        moments = db.exec(select(ScheduledSession.starts_at).order_by(col(ScheduledSession.starts_at))).all()
        assert moments == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)]


def test_a_cancelled_session_shows_its_reason_to_the_cohort(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, "coordinator")
    path = f"/seances/{session_id}/annulation"
    html = page(client.get(path))
    assert client.post(path, data={**fields(html, path), "reason": ""}).status_code == 422
    assert client.post(path, data={**fields(html, path), "reason": "Tempête de neige."}).status_code == 303
    assert "Cette séance est annulée" in page(client.get(path))
    assert "Cette séance est annulée" in page(client.get(f"/seances/{session_id}/appel"))
    assert "Cette séance est annulée" in page(client.post(path, data={"reason": "Encore."}), 409)
    as_(client, database, world, "maude")
    assert "Tempête de neige." in page(client.get(f"/cohortes/{world.cohort}/seances"))


# Roll calls -------------------------------------------------------------------------------------


def test_a_roll_call_as_the_page_fills_it_in(client: TestClient, database: Database, world: World) -> None:
    path = f"/seances/{meeting(database, world)}/appel"
    as_(client, database, world, "trainer")
    sent = fields(page(client.get(path)), path)
    assert sent["status"] == ["present"] * 4
    assert sent["minutes"] == [""] * 4
    place = sent["enrolment_id"].index(str(world.enrolments["karim"]))
    sent["status"][place] = "absent"
    assert client.post(path, data=sent).headers["location"] == f"/cohortes/{world.cohort}/seances"
    with database.transaction(colleges=[world.alma]) as db:
        entries = {e.enrolment_id: e for e in db.exec(select(RollCallEntry)).all()}
        karim, maude = (entries[world.enrolments[who]] for who in ("karim", "maude"))
        assert (karim.status, karim.minutes, karim.mode) == ("absent", 0, None)
        assert (maude.status, maude.minutes, maude.mode) == ("present", 180, "onsite")
        attended = db.exec(select(ProgressRow.enrolment_id, ProgressRow.attended_minutes)).all()
        assert dict(attended)[world.enrolments["karim"]] == 0
        assert dict(attended)[world.enrolments["maude"]] == 180


def test_arrival_and_departure_typed_on_the_page_say_the_minutes(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)  # 8:00 to 11:00 in Alma: it starts at 13:00 UTC
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    start = local_clock(database, world, session_id)
    sent = fields(html, path)
    karim, maude = (sent["enrolment_id"].index(str(world.enrolments[who])) for who in ("karim", "maude"))
    sent["status"][karim], sent["arrived"][karim] = "late", (start + timedelta(minutes=25)).strftime("%H:%M")
    sent["status"][maude], sent["left"][maude] = "left_early", (start - timedelta(minutes=5)).strftime("%H:%M")
    zoned = {**sent, "arrived": [f"{clock}+05:00" if clock else "" for clock in sent["arrived"]]}
    assert client.post(path, data=zoned).status_code == 422, "a clock of the session, not of another zone"
    refused = page(client.post(path, data=sent), 422)
    assert "Cette heure n’est pas pendant la séance." in refused
    again = fields(refused, path)
    assert again["arrived"][karim] == sent["arrived"][karim]
    again["left"][maude] = (start + timedelta(minutes=60)).strftime("%H:%M")
    assert client.post(path, data=again).status_code == 303
    with database.transaction(colleges=[world.alma]) as db:
        minutes = dict(db.exec(select(RollCallEntry.enrolment_id, RollCallEntry.minutes)).all())
    assert (minutes[world.enrolments["karim"]], minutes[world.enrolments["maude"]]) == (155, 60)
    shown = fields(page(client.get(path)), path)
    assert (shown["arrived"][karim], shown["left"][maude]) == (sent["arrived"][karim], again["left"][maude])


def test_hours_and_presence_corrected_on_the_page_say_the_minutes_anew(
    client: TestClient, database: Database, world: World
) -> None:
    """An arrival moved earlier, then no lateness at all; minutes written apart from the hours stay as written."""
    session_id = meeting(database, world)
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    sent = fields(page(client.get(path)), path)
    start = local_clock(database, world, session_id)
    karim, maude = (sent["enrolment_id"].index(str(world.enrolments[who])) for who in ("karim", "maude"))
    corrections = [
        ("late", (start + timedelta(minutes=60)).strftime("%H:%M"), 120),
        ("late", (start + timedelta(minutes=15)).strftime("%H:%M"), 165),
        ("present", "", 180),
    ]
    sent["minutes"][maude] = "100"
    for status, arrived, expected in corrections:
        sent["status"][karim], sent["arrived"][karim], sent["reason"] = status, arrived, ["Relu."]
        assert client.post(path, data=sent).status_code == 303
        html = page(client.get(path))
        assert f"{expected} minutes" in html
        sent = fields(html, path)
        assert (sent["minutes"][karim], sent["minutes"][maude]) == ("", "100")
        with database.transaction(colleges=[world.alma]) as db:
            last = select(RollCallEntry.enrolment_id, RollCallEntry.minutes).order_by(col(RollCallEntry.id))
            minutes = dict(db.exec(last).all())
        assert (minutes[world.enrolments["karim"]], minutes[world.enrolments["maude"]]) == (expected, 100)
    sent["status"][karim] = "late"
    assert "Écrivez les minutes, ou l’heure d’arrivée" in page(client.post(path, data=sent), 422)


def local_clock(database: Database, world: World, session_id: int) -> datetime:
    """Return when a session starts, where it is held."""
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(ScheduledSession, session_id)
        return local(row.starts_at, row.timezone)


def test_page_of_a_corrected_roll_call_shows_who_changed_what_and_why(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    called(database, world, session_id, absent=("karim",))
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    assert "Ce qui a été noté et corrigé" not in html
    sent = fields(html, path)
    place = sent["enrolment_id"].index(str(world.enrolments["karim"]))
    sent["status"][place], sent["minutes"][place], sent["mode"][place] = "late", "150", "phone"
    sent["reason"] = ["Karim était au téléphone."]
    as_(client, database, world, "coordinator")
    assert client.post(path, data=sent).status_code == 303
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client.get(path))))
    assert "Notées par Théo Formation" in text
    assert "Notées par Corinne Coordination" in text
    assert "Raison : Karim était au téléphone." in text or "Raison : Karim était au téléphone." in text
    assert "Karim Haddad : Absence → Retard, 150 minutes (Par téléphone)" in text
    assert "Maude Bérubé : Présence" not in text


def test_page_of_the_roll_shows_the_latest_corrections_and_the_others_have_a_list(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    called(database, world, session_id, absent=("karim",))
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    for number in range(1, 27):
        sent = fields(page(client.get(path)), path)
        place = sent["enrolment_id"].index(str(world.enrolments["maude"]))
        sent["status"][place], sent["minutes"][place] = "late", str(number)
        sent["reason"] = [f"Correction {number}."]
        assert client.post(path, data=sent).status_code == 303
    html = page(client.get(path))
    assert re.findall(r"Raison.: (Correction \d+\.)", html) == [f"Correction {n}." for n in (26, 25, 24)]
    assert f'href="{path}/historique"' in html
    whole = page(client.get(f"{path}/historique"))
    assert re.findall(r"Correction \d+\.", whole) == [f"Correction {n}." for n in range(26, 1, -1)]
    assert "Maude Bérubé" in whole
    assert "Karim Haddad" not in whole
    last = page(client.get(f"{path}/historique", params={"page": 2}))
    assert re.findall(r"Correction \d+\.", last) == ["Correction 1."]
    found = page(client.get(f"{path}/historique", params={"recherche": "correction 17"}))
    assert re.findall(r"Correction \d+\.", found) == ["Correction 17."]


def test_a_correction_without_a_reason_is_refused_and_keeps_what_was_typed(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id)
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    assert "Notées par Théo Formation" in html
    sent = fields(html, path)
    assert sent["supersedes"] == [str(first)]
    place = sent["enrolment_id"].index(str(world.enrolments["maude"]))
    sent["status"][place], sent["minutes"][place], sent["mode"][place] = "left_early", "20", "phone"
    html = page(client.post(path, data=sent), 422)
    assert "Écrivez la raison" in html
    again = fields(html, path)
    assert (again["status"][place], again["minutes"][place], again["mode"][place]) == ("left_early", "20", "phone")
    again["reason"] = ["La vidéo a coupé."]
    assert client.post(path, data=again).status_code == 303
    with database.transaction(colleges=[world.alma]) as db:
        assert len(db.exec(select(RollCall)).all()) == 2
    html = page(client.post(path, data=again), 409)
    assert "Les présences ont été modifiées entre-temps" in html or "La page a changé" in html


def test_impossible_minutes_are_shown_beside_the_person(client: TestClient, database: Database, world: World) -> None:
    path = f"/seances/{meeting(database, world)}/appel"
    as_(client, database, world, "trainer")
    sent = fields(page(client.get(path)), path)
    place = sent["enrolment_id"].index(str(world.enrolments["elise"]))
    sent["minutes"][place] = "200"
    html = page(client.post(path, data=sent), 422)
    assert f'href="#minutes-{world.enrolments["elise"]}">Élise Lœwen-Côté</a> : La séance dure 3 h' in html
    sent["minutes"][place] = "0"
    assert "au moins une minute" in page(client.post(path, data=sent), 422)
    sent["enrolment_id"].pop()
    assert "Il manque 1 personne" in page(client.post(path, data=sent), 422)
    with database.transaction(colleges=[world.alma]) as db:
        assert db.exec(select(RollCall)).all() == []


def test_roll_call_page_reads_session_and_sheet_once_and_again_when_it_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id)
    path = f"/seances/{session_id}/appel"
    as_(client, database, world, "trainer")
    with recorded_statements(database) as shown:
        form = fields(page(client.get(path)), path)
    assert form["supersedes"] == [str(first)]
    with recorded_statements(database) as refused:
        assert "Écrivez la raison" in page(client.post(path, data=form), 422)
    for statements, times in ((shown, 1), (refused, 2)):  # the page is run again after the rollback
        assert sum("FROM enrolment JOIN person" in statement for statement in statements) == times
        assert sum("FROM roll_call_entry" in statement for statement in statements) == times
    assert sum("FROM scheduled_session" in statement for statement in shown) == 1


def test_a_session_to_come_has_no_roll_call_yet(client: TestClient, database: Database, world: World) -> None:
    path = f"/seances/{meeting(database, world, days=40)}/appel"
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    assert "La séance n’a pas commencé" in html
    assert f'action="{path}' not in html


# An enrolment -----------------------------------------------------------------------------------


def test_a_missed_workshop_is_made_up(client: TestClient, database: Database, world: World) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    path = f"/inscriptions/{world.enrolments['karim']}"
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    assert "Ateliers manqués" in html
    assert client.post(f"{path}/rattrapages", data=fields(html, f"{path}/rattrapages")).status_code == 303
    html = page(client.get(path))
    assert "Ateliers manqués" not in html
    form = re.search(rf'action="({path}/rattrapages/\d+)[?"]', html)
    assert form is not None
    sent = fields(html, form.group(1))
    tomorrow = (today() + timedelta(days=1)).isoformat()
    assert "aujourd’hui ou avant" in page(client.post(form.group(1), data={**sent, "done_on": tomorrow}), 422)
    assert client.post(form.group(1), data=sent).status_code == 303
    assert "déjà faite" in page(client.post(form.group(1), data=sent), 409)
    as_(client, database, world, "karim")
    html = page(client.get(path))
    assert today().isoformat() in html
    assert "<form" in html
    assert "/rattrapages" not in html
    assert "/etat" not in html


def test_a_state_is_changed_with_its_reason(client: TestClient, database: Database, world: World) -> None:
    path = f"/inscriptions/{world.enrolments['yves']}"
    as_(client, database, world, "coordinator")
    sent = {**fields(page(client.get(path)), f"{path}/etat"), "to": "on_leave"}
    assert "Écrivez la raison" in page(client.post(f"{path}/etat", data=sent), 409)
    assert client.post(f"{path}/etat", data={**sent, "reason": "Congé parental."}).status_code == 303
    html = page(client.get(path))
    assert "Congé parental." in html
    assert "Corinne Coordination" in html
    as_(client, database, world, "trainer")
    html = page(client.get(path))
    assert "/etat" not in html


def test_a_person_on_leave_is_not_on_the_sheet(client: TestClient, database: Database, world: World) -> None:
    session_id = meeting(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        ref = cohorts.see_enrolment(db, actor, world.enrolments["yves"])
        cohorts.move(db, actor, ref, MoveCommand(to=EnrolmentState.ON_LEAVE, reason="Congé."))
    as_(client, database, world, "trainer")
    path = f"/seances/{session_id}/appel"
    assert len(fields(page(client.get(path)), path)["status"]) == len(PARTICIPANTS) - 1


def test_roll_call_that_records_its_reader_is_not_offered_and_says_who_notes_it(
    client: TestClient, database: Database, world: World
) -> None:
    path = f"/seances/{meeting(database, world)}/appel"
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    as_(client, database, world, "maude")
    html = page(client.get(path))
    assert "une autre personne la remplit" in html
    assert "Demandez à une autre personne du collège" in html
    assert f'action="{path}' not in html
