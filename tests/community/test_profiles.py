"""Profiles: a draft until consented to, each consent opening one audience, withdrawn at once everywhere."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.accompaniment.mandates.models import MandateAdvisor
from app.community.profiles.models import AdvisorProfile, ProfileExpertise
from app.community.profiles.schemas import ProfileContent
from app.community.profiles.service import write_profile
from app.demo.community.load import add_profiles
from app.demo.network import DemoPlan
from app.people.consents.enums import Purpose
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.accompaniment import new_enterprise, open_mandate
from tests.factories.cohorts import page
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import World, acting, as_
from tests.factories.photos import jpeg

OWN, DIRECTORY = "/api/v1/me/profile", "/api/v1/profiles"
BODY: dict[str, Any] = {
    "presentation": "J’aide de petites équipes à choisir leurs outils.",
    "not_doing": "Pas de programmation sur mesure.",
    "regions": ["02"],
    "sectors": ["tourism", "agrifood"],
    "languages": ["french", "innu"],
    "availability": "open",
    "contribution": "welcome",
    "contribution_on": "2031-03-01",
}


def write(client: TestClient, database: Database, world: World, who: str = "maude", **values: Any) -> dict[str, Any]:
    """Write a profile as its person; return it."""
    as_(client, database, world, who)
    version = client.get(OWN).headers["etag"]
    answer = client.put(OWN, json={**BODY, **values}, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def consent(client: TestClient, database: Database, world: World, purpose: Purpose, who: str = "maude") -> None:
    """Consent to the current text of a purpose."""
    as_(client, database, world, who)
    body = {"purpose": purpose.value, "text_version": "1.0"}
    assert client.post("/api/v1/me/consents", json=body).status_code == 201


def withdraw(client: TestClient, database: Database, world: World, purpose: Purpose, who: str = "maude") -> None:
    """Withdraw a consent."""
    as_(client, database, world, who)
    assert client.delete(f"/api/v1/me/consents/{purpose.value}").status_code == 200


def found(client: TestClient, search: str = "") -> list[str]:
    """Return the names in the directory."""
    return [p["name"] for p in client.get(DIRECTORY, params={"search": search}).json()["items"]]


def test_profile_is_a_draft_until_its_person_consents_and_disappears_at_once_on_withdrawal(
    client: TestClient, database: Database, world: World
) -> None:
    """S12: everywhere, for people of another college too."""
    write(client, database, world)
    one = f"{DIRECTORY}/{world.people['maude']}"
    pages = (f"/conseillers/{world.people['maude']}", "/conseillers", "/recherche?recherche=berube")

    def seen(who: str) -> list[bool]:
        as_(client, database, world, who)
        listed = found(client) == ["Maude Bérubé"]
        read = client.get(one).status_code == 200
        searched = bool(client.get("/api/v1/search", params={"search": "innu"}).json()["advisors"])
        texts = [BODY["presentation"] in page(client.get(pages[0])) if read else False]
        return [listed, read, searched, *texts]

    assert seen("other_coordinator") == [False] * 4
    consent(client, database, world, Purpose.PROFILE_DIRECTORY)
    for who in ("karim", "trainer", "facilitator", "other_coordinator", "other_participant", "registrar"):
        assert seen(who) == [True] * 4, who
    withdraw(client, database, world, Purpose.PROFILE_DIRECTORY)
    for who in ("karim", "other_coordinator", "registrar"):
        assert seen(who) == [False] * 4, who
    as_(client, database, world, "maude")
    assert client.get(OWN).json()["content"]["presentation"] == BODY["presentation"], "still one's own draft"
    assert client.get(one).status_code == 404


@pytest.mark.parametrize("who", ["observer", "admin", "nobody"])
def test_who_has_no_place_in_a_path_or_a_college_does_not_read_the_directory(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    write(client, database, world)
    consent(client, database, world, Purpose.PROFILE_DIRECTORY)
    as_(client, database, world, who)
    assert client.get(DIRECTORY).status_code == 403
    assert client.get("/api/v1/search", params={"search": "innu"}).json()["advisors"] == []


def test_each_consent_opens_its_audience_and_no_other(client: TestClient, database: Database, world: World) -> None:
    with database.as_owner() as db:
        db.execute(
            text("update enrolment set employer = 'Boulangerie Boréale' where id = :id"),
            {"id": world.enrolments["maude"]},
        )
    write(client, database, world)
    as_(client, database, world, "maude")
    sent = client.post("/mon-dossier/fiche/photo", files={"file": ("moi.jpg", jpeg())})
    assert sent.status_code == 303, sent.text
    maude = world.people["maude"]
    employer = f"/api/v1/colleges/{world.alma}/employer-profiles?employer=boulangerie boreale"

    def audiences() -> tuple[int, int, int]:
        as_(client, database, world, "karim")
        directory, photo = (client.get(p).status_code for p in (f"{DIRECTORY}/{maude}", f"/conseillers/{maude}/photo"))
        as_(client, database, world, "registrar")
        return directory, photo, len(client.get(employer).json()["items"])

    assert audiences() == (404, 404, 0)
    consent(client, database, world, Purpose.PROFILE_EMPLOYER)
    assert audiences() == (404, 404, 1)
    consent(client, database, world, Purpose.PROFILE_PHOTO)
    assert audiences() == (404, 404, 1), "a photo is on a profile that one may read"
    consent(client, database, world, Purpose.PROFILE_DIRECTORY)
    assert audiences() == (200, 200, 1)
    withdraw(client, database, world, Purpose.PROFILE_PHOTO)
    assert audiences() == (200, 404, 1)
    withdraw(client, database, world, Purpose.PROFILE_EMPLOYER)
    assert audiences() == (200, 404, 0)
    as_(client, database, world, "registrar")
    shown = client.get(employer).json()
    assert (shown["items"], shown["withheld"]) == ([], 1)
    html = page(client.get(f"/colleges/{world.alma}/fiches-employeur?employeur=boulangerie boreale"))
    assert "Personnes qui n’y consentent pas : 1." in html


def test_expertise_rests_on_ones_own_mandate_and_goes_with_it(
    client: TestClient, database: Database, world: World
) -> None:
    mandate = open_mandate(database, world).id
    as_(client, database, world, "maude")
    claimed = [{"competency": "CN-04", "mandate_id": mandate}]
    stranger = client.get(OWN).headers["etag"]
    as_(client, database, world, "karim")
    refused = client.put(OWN, json={**BODY, "expertises": claimed}, headers={"If-Match": stranger})
    assert refused.json()["errors"][0]["code"] == "expertise_proof_not_yours"
    write(client, database, world, expertises=claimed)
    consent(client, database, world, Purpose.PROFILE_DIRECTORY)
    as_(client, database, world, "other_coordinator")
    [shown] = client.get(DIRECTORY, params={"competency": "CN-04"}).json()["items"]
    assert [(e["competency"], e["proof"]) for e in shown["expertises"]] == [("CN-04", "mandate")]
    assert "enterprise" not in str(shown)
    with database.as_owner() as db:
        for row in db.exec(select(MandateAdvisor).where(MandateAdvisor.mandate_id == mandate)).all():
            db.delete(row)
    as_(client, database, world, "other_coordinator")
    assert client.get(DIRECTORY, params={"competency": "CN-04"}).json()["items"] == []
    assert client.get(f"{DIRECTORY}/{world.people['maude']}").json()["expertises"] == []
    as_(client, database, world, "maude")
    assert [e["stands"] for e in client.get(OWN).json()["expertises"]] == [False]
    assert "n’est plus valide" in page(client.get("/mon-dossier/fiche"))


def test_search_ignores_accents_and_filters_by_region(client: TestClient, database: Database, world: World) -> None:
    for who, regions in (("maude", ["02"]), ("elise", ["08"])):
        write(client, database, world, who, regions=regions)
        consent(client, database, world, Purpose.PROFILE_DIRECTORY, who)
    as_(client, database, world, "karim")
    assert found(client, "berube") == ["Maude Bérubé"]
    assert found(client, "elise") == found(client, "abitibi temiscamingue")
    assert len(found(client, "agroalimentaire")) == 2
    assert [p["name"] for p in client.get(DIRECTORY, params={"region": "02"}).json()["items"]] == ["Maude Bérubé"]
    html = page(client.get("/conseillers?region=08"))
    assert "Maude Bérubé" not in html
    assert "1 fiche" in html


def test_form_keeps_what_was_typed_and_writes_the_profile(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    form = {**BODY, "version": 0, "competency": ["CN-01", "", ""], "proof": ["", "", ""]}
    refused = client.post("/mon-dossier/fiche", data=form)
    assert refused.status_code == 422
    html = page(refused, 422)
    assert "choisissez la pièce de votre dossier" in html
    assert BODY["not_doing"] in html
    assert client.post("/mon-dossier/fiche", data={**form, "competency": ["", "", ""]}).status_code == 303
    assert client.post("/mon-dossier/fiche", data={**form, "competency": ["", "", ""]}).status_code == 412
    html = page(client.get("/mon-dossier/fiche"))
    assert "Brouillon" in html
    assert html.count("Lire l’avis et choisir") == 3
    assert client.put(OWN, json=BODY).status_code == 428
    none = client.post("/mon-dossier/fiche", data={**form, "version": 1, "sectors": [], "competency": [""]})
    assert none.status_code == 422


def test_person_deletes_their_profile(client: TestClient, database: Database, world: World) -> None:
    write(client, database, world)
    consent(client, database, world, Purpose.PROFILE_DIRECTORY)
    as_(client, database, world, "maude")
    assert client.post("/mon-dossier/fiche/suppression").status_code == 303
    assert client.get(f"{DIRECTORY}/{world.people['maude']}").status_code == 404
    assert client.get(OWN).json()["version"] == 0
    assert client.delete(OWN).status_code == 204
    with database.as_owner() as db:
        assert db.exec(select(AdvisorProfile)).all() == []
        assert db.exec(select(ProfileExpertise)).all() == []


def test_deleting_waits_for_the_profile_being_written(client: TestClient, database: Database, world: World) -> None:
    """Else the expertises written meanwhile would outlive their profile."""
    claimed = [{"competency": "CN-04", "mandate_id": open_mandate(database, world).id}]
    write(client, database, world, expertises=claimed)
    again = ProfileContent.model_validate({**BODY, "expertises": claimed})
    with ThreadPoolExecutor(1) as thread:
        with database.transaction() as db:
            write_profile(db, acting(db, world, "maude", P.ME_MANAGE), again, version=1)
            deleting = thread.submit(client.delete, OWN)
            wait_for_lock_waiters(database, 1, deleting)
        assert deleting.result(30).status_code == 204
    with database.as_owner() as db:
        assert db.exec(select(AdvisorProfile)).all() == []
        assert db.exec(select(ProfileExpertise)).all() == []


def test_own_page_says_who_reads_the_profile(client: TestClient, database: Database, world: World) -> None:
    """One that the employer alone reads is no draft."""
    states = ("Brouillon", "Partagée avec votre employeur, absente du répertoire", "Publiée au répertoire")
    write(client, database, world)
    for purpose, expected in (
        (Purpose.PROFILE_PHOTO, states[0]),
        (Purpose.PROFILE_EMPLOYER, states[1]),
        (Purpose.PROFILE_DIRECTORY, states[2]),
    ):
        consent(client, database, world, purpose)
        html = page(client.get("/mon-dossier/fiche"))
        assert [state for state in states if state in html] == [expected]


def test_row_level_security_hides_a_profile_without_consent(
    client: TestClient, database: Database, world: World
) -> None:
    write(client, database, world)
    for purpose, readers in (
        (None, {"maude": 1, "karim": 0, "registrar": 0, "other_registrar": 0}),
        (Purpose.PROFILE_PHOTO, {"karim": 0, "registrar": 0}),
        (Purpose.PROFILE_EMPLOYER, {"registrar": 1, "other_registrar": 0}),
        (Purpose.PROFILE_DIRECTORY, {"karim": 1, "other_registrar": 1}),
    ):
        if purpose is not None:
            consent(client, database, world, purpose)
        for who, count in readers.items():
            with database.transaction() as db:
                acting(db, world, who, P.ME_READ if who in {"maude", "karim"} else P.CERTIFICATE_CORRECT)
                assert len(db.exec(select(AdvisorProfile.id)).all()) == count, (purpose, who)


def test_profiles_given_to_an_employer_are_logged(client: TestClient, database: Database, world: World) -> None:
    with database.as_owner() as db:
        db.execute(text("update enrolment set employer = 'Scierie' where id = :id"), {"id": world.enrolments["maude"]})
    write(client, database, world)
    consent(client, database, world, Purpose.PROFILE_EMPLOYER)
    as_(client, database, world, "registrar")
    path = f"/api/v1/colleges/{world.alma}/employer-profiles"
    assert len(client.get(path, params={"employer": "scierie"}).json()["items"]) == 1
    assert client.get(path, params={"employer": "Autre"}).json()["items"] == []
    with database.as_owner() as db:
        logged = db.execute(text("select viewer_id, subject_id from view_log where permission = 'certificate:correct'"))
        assert [tuple(row) for row in logged] == [(world.people["registrar"], world.people["maude"])]


def test_menu_leads_to_the_directory(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    assert "/conseillers" in page(client.get("/"))


def test_demo_network_shows_published_profiles(client: TestClient, database: Database, world: World) -> None:
    open_mandate(database, world)
    open_mandate(database, world, "karim", enterprise=new_enterprise("Auberge du Nord", None))
    add_profiles(DemoPlan(database, 1, date(2026, 11, 26)))
    as_(client, database, world, "trainer")
    assert found(client) == ["Maude Bérubé", "Karim Haddad"], "by family name"
    shown = client.get(DIRECTORY).json()["items"]
    assert all(profile["expertises"] for profile in shown)
