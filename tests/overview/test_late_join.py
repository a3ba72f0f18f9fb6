"""Joining late (S2): the list of what was missed is decided as a whole, and enters the attendance base."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import select

from app.attendance.catch_ups.models import CatchUp
from app.cohorts.enums import EnrolmentState
from app.curricula.library import default_library
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.progress.service import mismatches
from tests.factories import codev
from tests.factories.cohorts import applied, attendance, called, meeting, move
from tests.factories.network import STARTED, World, as_

V1 = "/api/v1"
S = EnrolmentState
GENERALIST = default_library().curriculum("generaliste", "1.0")


def late_joiner(database: Database, world: World) -> int:
    """Admit someone a week after the start, two workshops being over; return the enrolment."""
    called(database, world, meeting(database, world, days=1))
    called(database, world, meeting(database, world, days=2, code="GEN-2.B"))
    enrolment_id = applied(database, world)
    joined = STARTED + timedelta(days=7)
    move(database, world, enrolment_id, S.ADMITTED, joined_on=joined)
    move(database, world, enrolment_id, S.ACTIVE, joined_on=joined)
    called(database, world, meeting(database, world, days=9, code="GEN-3.B"))
    return enrolment_id


def test_form_without_a_line_is_refused_as_a_form(client: TestClient, database: Database, world: World) -> None:
    enrolment_id = late_joiner(database, world)
    as_(client, database, world, "coordinator")
    assert client.post(f"/inscriptions/{enrolment_id}/liste-de-rattrapage", data={}).status_code == 422


def test_list_is_decided_as_a_whole_and_what_is_made_up_enters_the_attendance_base(
    client: TestClient, database: Database, world: World
) -> None:
    enrolment_id = late_joiner(database, world)
    path = f"{V1}/enrolments/{enrolment_id}/catch-up-list"
    as_(client, database, world, "coordinator")
    read = client.get(path).json()
    assert read["to_decide"] == 2
    with database.as_owner() as db:
        _, before = attendance(db)[enrolment_id]
    part = {"items": [{"activity_code": "GEN-1.B", "waived_because": "Atelier déjà suivi."}]}
    refused = client.put(path, json=part)
    assert refused.status_code == 422
    assert [e["code"] for e in refused.json()["errors"]] == ["left_out_of_list"]
    due_on = (today() + timedelta(days=14)).isoformat()
    whole = {"items": [*part["items"], {"activity_code": "GEN-2.B", "due_on": due_on}]}
    decided = client.put(path, json=whole).json()
    minutes = GENERALIST.activity("GEN-2.B").minutes
    waived = GENERALIST.activity("GEN-1.B").minutes
    assert (decided["to_decide"], decided["assigned_minutes"], decided["waived_minutes"]) == (0, minutes, waived)
    with database.as_owner() as db:
        assert attendance(db)[enrolment_id][1] == before + minutes, "what is waived stays out of the base"
        assert mismatches(db) == []
        told = db.exec(select(Notification).where(Notification.kind == Kind.CATCH_UPS_DECIDED)).all()
        assert [m.page for m in told] == [f"/inscriptions/{enrolment_id}/liste-de-rattrapage"]
    assert client.put(path, json={"items": [whole["items"][1]]}).json() == decided
    with database.as_owner() as db:
        again = db.exec(select(Notification).where(Notification.kind == Kind.CATCH_UPS_DECIDED)).all()
        assert len(again) == 1, "sent again, it changes nothing and tells nothing"
    otherwise = {"items": [{"activity_code": "GEN-1.B", "due_on": due_on}]}
    assert client.put(path, json=otherwise).json()["waived_minutes"] == 0
    with database.as_owner() as db:
        assert attendance(db)[enrolment_id][1] == before + minutes + waived
        assert mismatches(db) == []
        kept = db.exec(select(CatchUp.waived_because).where(CatchUp.activity_code == "GEN-1.B")).all()
        assert sorted(map(str, kept)) == ["Atelier déjà suivi.", "None"]


def test_waived_workshop_is_not_recorded_as_made_up(client: TestClient, database: Database, world: World) -> None:
    enrolment_id = late_joiner(database, world)
    as_(client, database, world, "coordinator")
    items = [{"activity_code": code, "waived_because": "Déjà suivi."} for code in ("GEN-1.B", "GEN-2.B")]
    client.put(f"{V1}/enrolments/{enrolment_id}/catch-up-list", json={"items": items})
    catch_up = client.get(f"{V1}/enrolments/{enrolment_id}/catch-ups").json()[0]["id"]
    done = client.post(
        f"{V1}/enrolments/{enrolment_id}/catch-ups/{catch_up}/done", json={"done_on": today().isoformat()}
    )
    assert (done.status_code, done.json()["code"]) == (409, "catch_up_waived")
    due_on = (today() + timedelta(days=9)).isoformat()
    items = [{"activity_code": code, "due_on": due_on} for code in ("GEN-1.B", "GEN-2.B")]
    client.put(f"{V1}/enrolments/{enrolment_id}/catch-up-list", json={"items": items})
    done = client.post(
        f"{V1}/enrolments/{enrolment_id}/catch-ups/{catch_up}/done", json={"done_on": today().isoformat()}
    )
    assert (done.status_code, done.json()["code"]) == (409, "stale"), "it was decided again, not made up"


def test_coordinator_decides_of_the_list_on_its_page_which_the_person_reads(
    client: TestClient, database: Database, world: World
) -> None:
    enrolment_id = late_joiner(database, world)
    page = f"/inscriptions/{enrolment_id}/liste-de-rattrapage"
    as_(client, database, world, "coordinator")
    assert f'href="{page}"' in client.get(f"/cohortes/{world.cohort}").text
    assert f'href="{page}"' in client.get(f"/inscriptions/{enrolment_id}").text
    shown = client.get(page).text
    assert shown.count('name="activity_code"') == 2
    yesterday, later = (today() + timedelta(days=n) for n in (-1, 9))
    form = {"activity_code": ["GEN-1.B", "GEN-2.B"], "due_on": [yesterday.isoformat(), later.isoformat()]}
    refused = client.post(page, data={**form, "waived_because": ["", "Déjà suivi."]})
    assert refused.status_code == 422
    assert "Cette date est passée." in refused.text
    assert 'value="Déjà suivi."' in refused.text
    sent = client.post(page, data={**form, "waived_because": ["Absente.", ""]}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    shown = client.get(page).text
    assert "Dispense : Absente." in shown.replace("\u00a0", " ")
    assert f'href="{page}"' not in client.get(f"/cohortes/{world.cohort}").text
    as_(client, database, world, "nobody")
    own = client.get(page).text
    assert "Dispense : Absente." in own.replace("\u00a0", " ")
    assert 'name="waived_because"' not in own


def test_late_joiner_without_a_group_is_shown_that_codevelopment_needs_one(
    client: TestClient, database: Database, world: World
) -> None:
    enrolment_id = late_joiner(database, world)
    as_(client, database, world, "coordinator")
    modules = client.get(f"{V1}/enrolments/{enrolment_id}/catch-up-list").json()["modules"]
    [left] = [m["codev"] for m in modules if m["codev"]]
    assert left == {"needed": 3, "left": 0, "has_group": False}
    codev.create_group(database, world)
    maude = client.get(f"{V1}/enrolments/{world.enrolments['maude']}/catch-up-list").json()["modules"]
    assert [m["codev"] for m in maude if m["codev"]] == []
