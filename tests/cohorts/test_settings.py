"""A cohort's settings change through its pages and its API, once what they change for people was read."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import default_library
from app.learning.hand_ins.models import HandIn
from app.notifications.models import Notification
from app.platform.database.transaction import Database
from app.progress.service import mismatches
from tests.factories.cohorts import (
    applied,
    attendance,
    called,
    change_settings,
    fields,
    meeting,
    page,
    set_state,
    settings_of,
)
from tests.factories.network import STARTED, World, as_
from tests.factories.notifications import forget_messages, inbox

API = "/api/v1"


@pytest.fixture
def coordinator(client: TestClient, database: Database, world: World) -> TestClient:
    return as_(client, database, world, "coordinator")


def test_change_is_read_with_its_effects_then_confirmed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    meeting(database, world, days=2)
    as_(coordinator, database, world, "coordinator")
    form = f"/cohortes/{world.cohort}/modification"
    sent = fields(page(coordinator.get(form)), form)
    later = (STARTED + timedelta(days=7)).isoformat()
    shown = coordinator.post(
        form, data={**sent, "title": "Généraliste d’automne", "starts_on": later, "grace_hours": "72"}
    )
    preview = shown.headers["location"]
    html = page(coordinator.get(preview))
    assert "Les échéances reculent de 7 jours" in html
    assert "1 séance prévue tombe hors des nouvelles dates" in html
    assert "4 personnes comptent sur les dates" in html
    with database.as_owner() as db:
        assert db.get_one(Cohort, world.cohort).grace_hours == 48, "nothing is written before it is confirmed"
    done = coordinator.post(f"{form}/apercu", data=fields(html, f"{form}/apercu"))
    assert done.headers["location"] == f"/cohortes/{world.cohort}"
    with database.as_owner() as db:
        row = db.get_one(Cohort, world.cohort)
        assert (row.title, row.grace_hours) == ("Généraliste d’automne", 72)
        assert row.starts_on == STARTED + timedelta(days=7)
        assert mismatches(db) == [], "progress follows the dates"
    assert "Généraliste d’automne" in page(coordinator.get("/cohortes", params={"recherche": "automne"}))


def test_change_is_refused_when_its_effects_have_changed(
    coordinator: TestClient, database: Database, world: World
) -> None:
    path = f"{API}/cohorts/{world.cohort}"
    asked = settings_of(coordinator.get(path).json(), place="Roberval")
    preview = coordinator.post(f"{path}/change-preview", json=asked).json()
    assert [c["name"] for c in preview["changes"]] == ["place"]
    assert {"code": "people_know_otherwise", "params": {"n": 4}} in preview["effects"]
    other = {**asked, "place": "Alma", "capacity": 20}
    unread = coordinator.put(path, json=other)
    assert (unread.status_code, unread.json()["errors"][0]["code"]) == (422, "preview_needed")
    read = coordinator.post(f"{path}/change-preview", json=other).json()["shown"]
    assert coordinator.put(path, json={**other, "shown": read}).status_code == 200
    late = coordinator.put(path, json={**asked, "shown": preview["shown"]})
    assert (late.status_code, late.json()["code"]) == (409, "cohort_changed")
    again = coordinator.post(f"{path}/change-preview", json=asked).json()
    assert coordinator.put(path, json={**asked, "shown": again["shown"]}).json()["place"] == "Roberval"


def test_values_of_a_preview_come_back_in_the_form_to_be_corrected(coordinator: TestClient, world: World) -> None:
    form = f"/cohortes/{world.cohort}/modification"
    sent = {**fields(page(coordinator.get(form)), form), "title": "Été & automne", "grace_hours": "72"}
    html = page(coordinator.get(coordinator.post(form, data=sent).headers["location"]))
    again = re.search(r'href="([^"]*)">Corriger', html)
    assert again is not None
    html = page(coordinator.get(again.group(1)))
    typed = fields(html, form)
    assert (typed["title"], typed["grace_hours"], typed["place"]) == (["Été & automne"], ["72"], ["Alma"])
    refused = page(coordinator.post(form, params={"depuis": again.group(1)}, data={**typed, "capacity": "3"}), 422)
    assert fields(refused, form)["title"] == ["Été & automne"]


def test_fewer_seats_than_taken_are_refused_before_and_at_the_confirmation(
    coordinator: TestClient, database: Database, world: World
) -> None:
    form = f"/cohortes/{world.cohort}/modification"
    sent = {**fields(page(coordinator.get(form)), form), "capacity": "3"}
    html = page(coordinator.post(form, data={**sent, "place": "Roberval", "ends_on": sent["starts_on"]}), 422)
    assert "4 places sont prises" in html
    typed = fields(html, form)
    assert (typed["capacity"], typed["place"], typed["ends_on"]) == (["3"], ["Roberval"], sent["starts_on"])
    path = f"{API}/cohorts/{world.cohort}"
    too_few = settings_of(coordinator.get(path).json(), capacity=3)
    read = {**too_few, "shown": coordinator.post(f"{path}/change-preview", json=too_few).json()["shown"]}
    assert coordinator.post(f"{form}/apercu", data=read).status_code == 409


def test_form_that_cannot_be_read_comes_back_with_what_was_typed(coordinator: TestClient, world: World) -> None:
    form = f"/cohortes/{world.cohort}/modification"
    sent = {**fields(page(coordinator.get(form)), form), "title": "Renommée", "late_join_pct": "250"}
    html = page(coordinator.post(form, data=sent), 422)
    assert 'value="Renommée"' in html
    assert 'value="250"' in html


def test_archived_cohort_does_not_change(coordinator: TestClient, database: Database, world: World) -> None:
    set_state(database, world, CohortState.ARCHIVED)
    path = f"{API}/cohorts/{world.cohort}"
    answer = change_settings(coordinator, path, settings_of(coordinator.get(path).json(), place="Roberval"))
    assert (answer.status_code, answer.json()["code"]) == (409, "cohort_archived")
    assert "elle se consulte seulement" in page(coordinator.get(f"/cohortes/{world.cohort}/modification"))


def test_new_cohort_asks_what_its_college_does_unless_it_chooses(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    college = client.get(f"{API}/colleges/{world.alma}").json()
    kept = {name: college[name] for name in ("name", "city", "region_code", "timezone", "authorised_kinds")}
    changed = client.put(f"{API}/colleges/{world.alma}", json={**kept, "late_join_pct": 40, "grace_hours": 24}).json()
    assert (changed["late_join_pct"], changed["grace_hours"]) == (40, 24)
    as_(client, database, world, "coordinator")
    new = {
        "project_id": world.project, "region_code": "02", "title": "Hiver", "curriculum_slug": "generaliste",
        "curriculum_version": "1.0", "starts_on": "2027-01-11", "place": "Alma",
    }  # fmt: skip
    college_path = f"{API}/colleges/{world.alma}/cohorts"
    made = client.post(college_path, json={**new, "code": "H-1"}).json()
    assert (made["late_join_pct"], made["grace_hours"]) == (40, 24)
    chosen = client.post(college_path, json={**new, "code": "H-2", "late_join_pct": 0, "grace_hours": 0}).json()
    assert (chosen["late_join_pct"], chosen["grace_hours"]) == (0, 0)
    assert client.get(f"{API}/cohorts/{world.cohort}").json()["grace_hours"] == 48, "those that exist keep theirs"


def test_preview_of_an_archived_cohort_offers_no_change(
    coordinator: TestClient, database: Database, world: World
) -> None:
    set_state(database, world, CohortState.ARCHIVED)
    asked = settings_of(coordinator.get(f"{API}/cohorts/{world.cohort}").json(), place="Roberval")
    form = f"/cohortes/{world.cohort}/modification/apercu"
    html = page(coordinator.get(form, params=asked))
    assert "elle se consulte seulement" in html
    assert f'action="{form}' not in html


def test_first_day_moved_earlier_is_that_of_who_began_on_it(
    coordinator: TestClient, database: Database, world: World
) -> None:
    late = world.enrolments["elise"]
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Enrolment, late)
        row.joined_on = STARTED + timedelta(days=5)
        db.add(row)
    path = f"{API}/cohorts/{world.cohort}"
    earlier = STARTED - timedelta(days=7)
    asked = settings_of(coordinator.get(path).json(), starts_on=earlier.isoformat())
    assert change_settings(coordinator, path, asked).status_code == 200
    called(database, world, meeting(database, world, days=-3))
    with database.transaction(colleges=[world.alma]) as db:
        assert db.get_one(Enrolment, world.enrolments["maude"]).joined_on == earlier
        assert db.get_one(Enrolment, late).joined_on == STARTED + timedelta(days=5)
        counted = attendance(db)
        assert counted[world.enrolments["maude"]][1] > 0, "a session of the new first week counts"
        assert mismatches(db) == []


def test_work_handed_in_twice_is_one_work(coordinator: TestClient, database: Database, world: World) -> None:
    path = f"{API}/cohorts/{world.cohort}"
    module, work = default_library().curriculum("generaliste", "1.0").placed["GEN-1.C"]
    due_on = STARTED + timedelta(weeks=module.week, days=-1)
    declared_at = datetime.combine(due_on - timedelta(days=1), time(16), UTC)
    with database.transaction(colleges=[world.alma]) as db:
        for attempt in (1, 2):
            row = HandIn(
                college_id=world.alma, enrolment_id=world.enrolments["maude"], attempt=attempt, body="Travail",
                activity_code=work.code, completed_at_declared=declared_at,
                received_at=declared_at + timedelta(days=2, hours=attempt), received_from=world.people["maude"],
            )  # fmt: skip
            db.add(row)
    asked = settings_of(coordinator.get(path).json(), grace_hours=0)
    effects = coordinator.post(f"{path}/change-preview", json=asked).json()["effects"]
    assert [e["params"]["n"] for e in effects if e["code"] == "works_late"] == [1]


def test_trace_is_no_late_work_of_a_changed_cohort(coordinator: TestClient, database: Database, world: World) -> None:
    """A work and a trace of one module, both received just after the first day is moved."""
    path = f"{API}/cohorts/{world.cohort}"
    with database.transaction(colleges=[world.alma]) as db:
        for code in ("GEN-1.B", "GEN-1.C"):
            row = HandIn(
                college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code=code, attempt=1,
                body="Travail", received_at=datetime.combine(STARTED, time(16), UTC),
                received_from=world.people["maude"],
            )  # fmt: skip
            db.add(row)
    earlier = (STARTED - timedelta(weeks=5)).isoformat()
    asked = settings_of(coordinator.get(path).json(), starts_on=earlier)
    effects = coordinator.post(f"{path}/change-preview", json=asked).json()["effects"]
    assert [e["params"]["n"] for e in effects if e["code"] == "works_late"] == [1]


def test_change_of_dates_or_place_is_told_to_who_counts_on_them_and_to_the_staff(
    coordinator: TestClient, database: Database, world: World
) -> None:
    path = f"{API}/cohorts/{world.cohort}"
    forget_messages(database)
    now_ = coordinator.get(path).json()
    assert change_settings(coordinator, path, settings_of(now_, title="Autre titre", grace_hours=1)).status_code == 200
    assert inbox(database, world, "maude") == []
    later = (STARTED + timedelta(days=7)).isoformat()
    for starts_on in (later, STARTED.isoformat(), later):
        asked = settings_of(now_, title="Autre titre", starts_on=starts_on)
        assert change_settings(coordinator, path, asked).status_code == 200
    for who in ("maude", "karim", "trainer"):
        assert inbox(database, world, who) == ["Dates ou lieu changés : Autre titre"] * 3
    for who in ("coordinator", "other_participant", "nobody"):
        assert inbox(database, world, who) == []


def test_change_is_told_to_who_has_applied_on_the_page_of_their_application(
    coordinator: TestClient, database: Database, world: World
) -> None:
    enrolment_id = applied(database, world)
    forget_messages(database)
    path = f"{API}/cohorts/{world.cohort}"
    change = settings_of(coordinator.get(path).json(), place="Dolbeau")
    assert change_settings(coordinator, path, change).status_code == 200
    with database.as_owner() as db:
        pages = set(db.exec(select(Notification.page)).all())
    assert pages == {f"/candidatures/{enrolment_id}", "/parcours", f"/cohortes/{world.cohort}"}
