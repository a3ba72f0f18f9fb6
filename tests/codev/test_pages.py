"""Pages of codevelopment, as a browser without JavaScript uses them."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import RecordCommand
from app.platform.database.transaction import Database
from app.platform.messages.i18n import local
from tests.factories.codev import (
    FIRST,
    assign_roles,
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    turn,
)
from tests.factories.network import PARTICIPANTS, STARTED, World, as_, count


def selected(html: str, name: str) -> list[str]:
    """Return the values chosen in the selects of a name."""
    selects = re.findall(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', html, re.DOTALL)
    return [m[1] if (m := re.search(r'value="([^"]*)" selected', s)) else "" for s in selects]


def record_form(html: str) -> dict[str, list[str]]:
    """Return what the record's form sends when nothing is changed."""
    form = html[html.index("/bilan") :]
    form = form[: form.index("</form>")]
    fields = {n: re.findall(rf'name="{n}"[^>]*value="(\d+)"', form) for n in ("membership_id", "minutes", "position")}
    fields |= {n: selected(form, n) for n in ("status", "mode", "client_id", "turn", "reason")}
    fields["facilitator_present"] = ["true"]
    if supersedes := re.findall(r'name="supersedes" value="(\d+)"', form):
        fields["supersedes"] = supersedes
    return fields


def test_a_coordinator_forms_a_group_and_plans_its_first_session(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    page = client.get(f"/codev?cohorte={world.cohort}").text
    assert "Maude Bérubé" in page
    assert page.count("<h1>") == 1
    members = [str(world.enrolments[w]) for w in PARTICIPANTS]
    form = {"cohort_id": str(world.cohort), "name": "Groupe du lac", "joined_on": str(STARTED)}
    form["facilitator_id"] = str(world.people["facilitator"])
    refused = client.post("/codev/groupes", data={**form, "enrolment_ids": members[:3]})
    assert refused.status_code == 422
    assert "de 4 à 8 personnes" in refused.text
    assert refused.text.count("checked") == 3
    assert 'value="Groupe du lac"' in refused.text
    answer = client.post("/codev/groupes", data={**form, "enrolment_ids": members})
    assert answer.status_code == 303, answer.text
    group = answer.headers["location"]
    day = STARTED + timedelta(days=3)
    planned_session = client.post(
        f"{group}/seances", data={"activity_code": "GEN-7.A", "day": str(day), "clock": "13:30"}
    )
    assert planned_session.headers["location"] == group
    shown = client.get(group).text
    assert "13\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30" in shown
    assert "La rotation propose Maude Bérubé; en réserve, Karim Haddad." in shown
    again = client.post(f"{group}/seances", data={"activity_code": "GEN-7.A", "day": str(day), "clock": "13:30"})
    assert again.status_code == 409
    assert "déjà une séance" in again.text


def test_session_at_a_missing_or_doubled_hour(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    as_(client, database, world, "coordinator")
    path = f"/codev/groupes/{group.id}/seances"
    with database.engine.begin() as owner:
        owner.exec_driver_sql("update cohort set starts_on = '2026-10-01', ends_on = '2027-04-30'")
    spring = client.post(path, data={"activity_code": "GEN-7.A", "day": "2027-03-14", "clock": "02:30"})
    assert spring.status_code == 422
    assert "n’existe pas ce jour-là" in spring.text
    autumn = {"activity_code": "GEN-7.A", "day": "2026-11-01", "clock": "01:30"}
    ambiguous = client.post(path, data=autumn)
    assert ambiguous.status_code == 422
    assert 'name="second"' in ambiguous.text
    assert client.post(path, data={**autumn, "second": "second"}).status_code == 303


def test_a_facilitator_plans_roles_and_closes_the_record(client: TestClient, database: Database, world: World) -> None:
    group = create_group(database, world)
    who = {name: str(id_) for name, id_ in membership_ids(group).items()}
    session_id = plan_session(database, world, group.id)
    path = f"/codev/seances/{session_id}"
    as_(client, database, world, "facilitator")
    assert "Groupe A" in client.get("/codev").text
    page = client.get(path).text
    assert (selected(page, "client"), selected(page, "reserve")) == ([who["maude"]], [who["karim"]])
    two = client.get(f"{path}?consultations=2&passe={who['maude']}").text
    assert selected(two, "client") == [who["karim"], who["elise"]]
    assert selected(two, "reserve") == [who["yves"], who["yves"]]
    roles = {"client": [who["karim"]], "reserve": [who["karim"]], "observer": [""], "note_taker": [""]}
    refused = client.post(f"{path}/roles", data=roles)
    assert refused.status_code == 422
    assert selected(refused.text, "reserve") == [who["karim"]]
    assert client.post(f"{path}/roles", data={**roles, "reserve": [who["maude"]]}).status_code == 303

    data = record_form(client.get(path).text)
    assert data["status"] == ["present"] * 4
    assert data["minutes"] == ["180"] * 4
    assert (data["client_id"], data["turn"]) == ([who["karim"]], ["held"])
    wrong = {**data, "minutes": ["999"] * 4}
    assert client.post(f"{path}/bilan", data=wrong).status_code == 422
    late = {**data, "minutes": ["181", "180", "180", "180"], "status": ["late", "present", "present", "present"]}
    refused = client.post(f"{path}/bilan", data=late)
    assert refused.status_code == 422
    assert record_form(refused.text)["minutes"] == late["minutes"]
    phone = {**data, "mode": ["phone", "onsite", "onsite", "onsite"]}
    assert client.post(f"{path}/bilan", data=phone).headers["location"] == path
    closed = client.get(path).text
    assert "Par téléphone" in closed
    assert "Corriger le bilan" in closed

    correction = record_form(closed)
    correction |= {"status": ["present"] * 3 + ["excused"], "turn": ["postponed"], "reason": ["quorum"]}
    assert client.post(f"{path}/bilan", data=correction).status_code == 303
    assert "Non tenue, à reprendre" in client.get(path).text
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "codev_record") == 2


def test_member_reads_the_reason_of_a_turn_and_coordinator_does_not(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    who = membership_ids(group)
    session_id = plan_session(database, world, group.id)
    assign_roles(database, world, session_id, (who["maude"], who["karim"]))
    postponed = turn(who["maude"], TurnStatus.POSTPONED, TurnReason.TIME)
    close_record(database, world, session_id, RecordCommand(entries=presences(group), turns=(postponed,)))
    path = f"/codev/seances/{session_id}"
    as_(client, database, world, "karim")
    page = client.get(path).text
    assert "Manque de temps" in page
    assert "/bilan" not in page
    assert client.get(f"/codev/groupes/{group.id}").status_code == 200
    as_(client, database, world, "coordinator")
    page = client.get(path).text
    assert "Reportée" in page
    assert "Manque de temps" not in page
    assert "/bilan" not in page
    assert client.post(f"{path}/annulation").status_code == 303
    assert "Annulée" in client.get(path).text


def test_coordinator_changes_links_members_and_facilitator(
    client: TestClient, database: Database, world: World
) -> None:
    group = create_group(database, world)
    path = f"/codev/groupes/{group.id}"
    as_(client, database, world, "coordinator")
    link = {"cohort_id": str(world.cohort), "manager_id": str(world.people["maude"])}
    declared = client.post("/codev/liens", data={**link, "member_id": str(world.people["yves"])})
    assert declared.headers["location"] == path
    assert "Maude Bérubé dirige Yves O’Brien" in client.get(path).text
    left = client.post(f"{path}/departs", data={"membership_id": str(membership_ids(group)["yves"])})
    assert left.headers["location"] == path
    page = client.get(path).text
    assert "dirige" not in page
    assert "moins de quatre membres" in page
    back = client.post(f"{path}/membres", data={"enrolment_id": str(world.enrolments["yves"])})
    assert back.status_code == 422
    assert "lien de gestion" in back.text
    changed = client.post(f"{path}/animation", data={"person_id": str(world.people["trainer"])})
    assert changed.headers["location"] == path
    assert "Théo Formation" in client.get(path).text
    elsewhere = client.post("/codev/liens", data={**link, "member_id": str(world.people["karim"])})
    assert elsewhere.headers["location"] == path


@pytest.mark.parametrize(
    ("who", "status"), [("trainer", 403), ("registrar", 403), ("other_coordinator", 404), ("other_participant", 404)]
)
def test_pages_refuse_those_without_permission_or_reach(
    client: TestClient, database: Database, world: World, *, who: str, status: int
) -> None:
    group = create_group(database, world)
    session_id = plan_session(database, world, group.id)
    as_(client, database, world, who)
    for path in (f"/codev/groupes/{group.id}", f"/codev/seances/{session_id}"):
        assert client.get(path).status_code == status
    if who == "other_coordinator":
        assert client.get(f"/codev?cohorte={world.cohort}").status_code == 404


def test_the_sample_session_is_in_the_past() -> None:
    assert local(FIRST).date() == STARTED + timedelta(days=2)


def test_a_form_with_more_lines_than_a_record_is_refused(client: TestClient, database: Database, world: World) -> None:
    session_id = plan_session(database, world, create_group(database, world).id)
    as_(client, database, world, "facilitator")
    roles = {"client": ["1"] * 5, "reserve": ["2"] * 5}
    assert client.post(f"/codev/seances/{session_id}/roles", data=roles).status_code == 422
    for lines in (
        {"membership_id": ["1"] * 21, "status": ["absent"] * 21, "minutes": [""] * 21, "mode": [""] * 21},
        {"position": ["1"] * 5, "client_id": ["1"] * 5, "turn": ["held"] * 5, "reason": [""] * 5},
    ):
        assert client.post(f"/codev/seances/{session_id}/bilan", data=lines).status_code == 422
