"""Colleges as the administrator keeps them: the list, changes, closing and its effects, reopening."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cohorts.offer.service import open_cohorts
from app.network.colleges.rules import QUEBEC_ZONES, zone_reasons, zones_offered
from app.network.service import see_college
from app.overview.college.service import college_figures
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.network import World, acting, as_

CHANGED = {
    "name": "Cégep d’Alma et du Lac", "city": "Métabetchouan", "region_code": "03", "timezone": "America/Halifax",
    "authorised_kinds": ["attestation_participation"],
}  # fmt: skip
COHORT = {
    "region_code": "02", "code": "GEN-NEUF", "title": "Neuve", "starts_on": "2027-01-11", "place": "Alma",
    "capacity": 8, "curriculum_slug": "generaliste", "curriculum_version": "1.0",
}  # fmt: skip


@pytest.fixture
def admin(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client signed in as an administrator."""
    return as_(client, database, world, "admin")


def close(client: TestClient, college: int) -> None:
    """Close a college through the API."""
    answer = client.post(f"/api/v1/colleges/{college}/closure", json={"reason": "Départ du réseau."})
    assert answer.status_code == 200, answer.text


def test_zone_of_the_iana_database_is_accepted_and_another_is_not() -> None:
    assert [zone_reasons(zone) for zone in QUEBEC_ZONES] == [[], [], []]
    assert [reason.code for reason in zone_reasons("Amerique/Alma")] == ["unknown_timezone"]


def test_zone_in_use_elsewhere_is_offered_beside_those_of_quebec() -> None:
    assert zones_offered() == zones_offered("America/Halifax") == QUEBEC_ZONES
    assert zones_offered("Europe/Paris") == (*QUEBEC_ZONES, "Europe/Paris")


def test_college_search_ignores_accents_and_looks_into_the_city(admin: TestClient, world: World) -> None:
    admin.put(f"/api/v1/colleges/{world.alma}", json=CHANGED)
    assert "Cégep d’Alma et du Lac" in admin.get("/colleges", params={"recherche": "metabetchouan"}).text
    assert "1 collège" in admin.get("/colleges", params={"recherche": "CEGEP d'alma"}).text
    assert "1 collège" in admin.get("/colleges", params={"region": "03"}).text
    assert "Rien ne correspond" in admin.get("/colleges", params={"etat": "ferme"}).text


def test_college_changed_has_its_new_details_and_keeps_its_slug(admin: TestClient, world: World) -> None:
    answer = admin.put(f"/api/v1/colleges/{world.alma}", json=CHANGED)
    shown = answer.json()
    assert answer.status_code == 200
    assert {**shown, **CHANGED} == shown
    assert (shown["slug"], shown["number_prefix"], shown["closed_at"]) == ("alma", "ALM", None)
    assert admin.get(f"/api/v1/colleges/{world.alma}").json() == shown


def test_college_changed_is_recorded_with_both_values(admin: TestClient, database: Database, world: World) -> None:
    admin.put(f"/api/v1/colleges/{world.alma}", json=CHANGED)
    with database.engine.connect() as owner:
        entry = owner.execute(
            text(
                "select e.actor_id, v.before ->> 'city', v.after ->> 'city' from audit_entry e"
                " join audit_values v on v.entry_id = e.id"
                " where e.subject = 'college' and e.subject_id = :id order by e.id desc limit 1"
            ),
            {"id": world.alma},
        ).one()
    assert tuple(entry) == (world.people["admin"], "Alma", "Métabetchouan")


def test_college_form_that_is_refused_keeps_everything_typed(admin: TestClient, world: World) -> None:
    form = {**CHANGED, "name": "", "timezone": "Lune/Mer", "authorised_kinds": ["attestation_reussite"]}
    page = admin.post(f"/colleges/{world.alma}", data=form)
    assert page.status_code == 422
    assert 'value="Métabetchouan"' in page.text
    assert re.search(r'value="attestation_reussite" checked', page.text)
    assert not re.search(r'value="attestation_participation" checked', page.text)
    refused = admin.post(f"/colleges/{world.alma}", data={**form, "name": "Cégep"})
    assert "n’est pas un fuseau horaire connu" in refused.text


def test_college_added_by_the_form_has_its_page(admin: TestClient) -> None:
    form = {
        "slug": "amos", "name": "Cégep d’Amos", "city": "Amos", "region_code": "08", "number_prefix": "AMO",
        "timezone": "America/Toronto", "authorised_kinds": ["attestation_reussite"],
    }  # fmt: skip
    answer = admin.post("/colleges", data=form)
    assert answer.status_code == 303, answer.text
    page = admin.get(answer.headers["location"]).text
    assert "<h1>Cégep d’Amos</h1>" in page
    assert "0 cohorte en cours" in page
    taken = admin.post("/colleges", data={**form, "name": "Cégep d’Amos, bis"})
    assert taken.status_code == 409
    assert "Cégep d’Amos, bis" in taken.text


def test_closed_college_begins_nothing_new(
    client: TestClient, admin: TestClient, database: Database, world: World
) -> None:
    close(admin, world.alma)
    as_(client, database, world, "coordinator")
    opened = client.post(f"/api/v1/colleges/{world.alma}/cohorts", json={**COHORT, "project_id": world.project})
    shown = client.put(f"/api/v1/cohorts/{world.cohort}/applications-open", json={"is_open": True})
    as_(client, database, world, "nobody")
    applied = client.post(f"/api/v1/cohorts/{world.cohort}/applications", json={"motive": "Apprendre."})
    as_(client, database, world, "registrar")
    invited = client.post(f"/api/v1/colleges/{world.alma}/invitations", json={"email": "x@escouade.example.com"})
    refusals = [(a.status_code, a.json()["code"]) for a in (opened, shown, applied, invited)]
    assert refusals == [(409, "college_closed")] * 4


def test_page_of_a_college_counts_what_is_in_the_offer(admin: TestClient, database: Database, world: World) -> None:
    def counted() -> dict[str, int]:
        with database.transaction(colleges=[world.alma]) as db:
            actor = acting(db, world, "admin", P.NETWORK_MANAGE)
            return college_figures(db, see_college(db, actor, world.alma)).model_dump()

    with database.engine.begin() as owner:
        owner.execute(text("update cohort set applications_open = true where id = :id"), {"id": world.cohort})
    others = dict.fromkeys(("draft", "open", "closed", "archived"), 0)
    assert counted() == {**others, "running": 1, "taking_applications": 1}
    close(admin, world.alma)
    assert counted()["taking_applications"] == 0


def test_closed_college_leaves_the_offer_and_comes_back_when_reopened(
    admin: TestClient, database: Database, world: World
) -> None:
    def offered() -> set[int]:
        with database.transaction() as db:
            return {c.id for c in open_cohorts(db, acting(db, world, "nobody", P.COHORT_APPLY)).items}

    before = offered()
    assert world.cohort in before
    close(admin, world.alma)
    assert offered() == before - {world.cohort}
    assert admin.post(f"/api/v1/colleges/{world.alma}/reopening").json()["closed_at"] is None
    assert offered() == before


def test_closed_college_goes_on_with_what_runs(
    client: TestClient, admin: TestClient, database: Database, world: World
) -> None:
    close(admin, world.alma)
    as_(client, database, world, "coordinator")
    answer = client.put(f"/api/v1/cohorts/{world.cohort}/applications-open", json={"is_open": False})
    assert answer.status_code == 200
    session = {"activity_code": "GEN-3.B", "starts_at": "2027-01-11T15:00:00Z"}
    assert client.post(f"/api/v1/cohorts/{world.cohort}/sessions", json=session).status_code == 201


def test_college_closes_and_opens_once(admin: TestClient, world: World) -> None:
    path = f"/api/v1/colleges/{world.alma}"
    assert admin.post(f"{path}/reopening").json()["code"] == "college_not_closed"
    close(admin, world.alma)
    assert admin.post(f"{path}/closure", json={"reason": "Encore."}).json()["code"] == "college_closed"
    page = admin.get(f"/colleges/{world.alma}").text
    assert "Départ du réseau." in page
    assert "Rouvrir le collège" in page
    assert "Fermer le collège" not in page


def test_regions_have_both_names_and_the_number_of_open_colleges(admin: TestClient, world: World) -> None:
    page = admin.get("/regions").text
    assert page.count('href="/colleges?etat=ouvert&amp;region=') == 2
    assert "Lower Saint Lawrence" in page
    close(admin, world.alma)
    assert admin.get("/regions").text.count('href="/colleges?etat=ouvert&amp;region=') == 1
