"""Pages of cohorts: who may read each, and each form from end to end without JavaScript."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.cohorts import applied, called, fields, meeting, page, state_of
from tests.factories.network import STARTED, World, as_
from tests.factories.statements import recorded_statements

# Who sees what ----------------------------------------------------------------------------------

PAGES = (
    "/cohortes", "/cohortes/{cohort}", "/cohortes/{cohort}/seances", "/seances/{session}/appel",
    "/cohortes/{cohort}/candidatures", "/cohortes/nouvelle", "/seances/{session}/annulation",
    "/inscriptions/{maude}", "/cohortes-ouvertes", "/cohortes-ouvertes/{cohort}",
)  # fmt: skip
STATUSES = {
    "coordinator": (200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
    "trainer": (200, 200, 200, 200, 403, 403, 403, 200, 200, 200),
    "registrar": (200, 200, 200, 403, 403, 403, 403, 200, 200, 200),
    "maude": (200, 200, 200, 403, 403, 403, 403, 200, 200, 200),
    "karim": (200, 200, 200, 403, 403, 403, 403, 404, 200, 200),
    "admin": (200, 200, 403, 403, 403, 403, 403, 403, 200, 200),
    "other_coordinator": (200, 404, 404, 404, 404, 200, 404, 404, 200, 200),
    "other_trainer": (200, 404, 404, 404, 403, 403, 403, 404, 200, 200),
    "nobody": (403, 403, 403, 403, 403, 403, 403, 403, 200, 200),
}


@pytest.mark.parametrize("who", STATUSES)
def test_each_page_renders_for_its_role_and_for_no_other(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, who)
    paths = [p.format(cohort=world.cohort, session=session_id, maude=world.enrolments["maude"]) for p in PAGES]
    assert tuple(client.get(path).status_code for path in paths) == STATUSES[who]


def test_page_without_signing_in_redirects_to_sign_in(client: TestClient, world: World) -> None:
    for path in ("/cohortes", f"/cohortes/{world.cohort}", "/cohortes-ouvertes"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"][:10]) == (303, "/connexion")


def test_pages_have_one_title_and_a_name_for_every_control(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    called(database, world, meeting(database, world, days=3), absent=("karim",))
    applied(database, world)
    as_(client, database, world, "coordinator")
    for path in PAGES:
        html = page(client.get(path.format(cohort=world.cohort, session=session_id, maude=world.enrolments["karim"])))
        assert html.count("<h1") == 1
        assert html.count("<table") == html.count("<caption")
        assert 'style="' not in html
        assert "onclick" not in html
        labels = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), path
        for control in re.findall(r"<(?:input|select|textarea)[^>]*>", html):
            if 'type="hidden"' not in control and "aria-label" not in control:
                control_id = re.search(r'\bid="([^"]+)"', control)
                assert control_id is not None, control
                assert control_id.group(1) in labels, control


# The list and the board -------------------------------------------------------------------------


def test_the_list_is_searched_without_accents_nor_case(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert "Généraliste GEN-ALM-1" in page(client.get("/cohortes", params={"recherche": "GENERALISTE alm"}))
    html = page(client.get("/cohortes", params={"recherche": "introuvable"}))
    assert "Rien ne correspond à ces critères" in html
    assert "Généraliste" not in html


def test_the_board_shows_everyone_and_who_is_at_risk(client: TestClient, database: Database, world: World) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    to_call = meeting(database, world, days=4, code="GEN-2.B")
    as_(client, database, world, "coordinator")
    html = page(client.get(f"/cohortes/{world.cohort}"))
    for name in ("Maude Bérubé", "Karim Haddad", "Élise Lœwen-Côté", "Yves O’Brien"):
        assert name in html
    calls = html[html.index("À appeler") :]
    assert "Karim Haddad" in calls
    assert "Assiduité de 0 % (il faut 80 %)" in calls
    assert f'href="/seances/{to_call}/appel"' in html
    assert "3 h sur 60 h" in html


@pytest.mark.parametrize(
    ("query", "first", "n"),
    [
        ({}, "Maude Bérubé", 4),
        ({"tri": "nom"}, "Maude Bérubé", 4),
        ({"tri": "heures"}, "Karim Haddad", 4),
        ({"tri": "assiduite"}, "Karim Haddad", 4),
        ({"suivi": "risque"}, "Karim Haddad", 1),
        ({"tri": "echeance"}, "Maude Bérubé", 4),
        ({"recherche": "ELISE loewen"}, "Élise Lœwen-Côté", 1),
        ({"recherche": "100%_"}, None, 0),
        ({"etat": "on_leave"}, None, 0),
        ({"etat": "active", "tri": "-assiduite"}, "Maude Bérubé", 4),
    ],
)
def test_the_board_sorts_and_filters(
    client: TestClient, database: Database, world: World, *, query: dict[str, str], first: str | None, n: int
) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    as_(client, database, world, "trainer")
    html = page(client.get(f"/cohortes/{world.cohort}", params=query))
    rows = re.findall(r'<th scope="row"><a href="/parcours/\d+">([^<]+)</a>', html)
    assert len(rows) == n
    assert (rows[0] if rows else None) == first


@pytest.mark.parametrize("query", [{}, {"recherche": "maude", "etat": "withdrawn", "tri": "-heures"}])
def test_cohort_page_with_or_without_a_filter_reads_its_board_once(
    client: TestClient, database: Database, world: World, query: dict[str, str]
) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    as_(client, database, world, "trainer")
    with recorded_statements(database) as statements:
        html = page(client.get(f"/cohortes/{world.cohort}", params=query))
    assert sum("FROM progress" in statement for statement in statements) == 1
    assert "Assiduité de 0 % (il faut 80 %)" in html


def test_a_participant_sees_dates_and_sessions_but_nobody(client: TestClient, database: Database, world: World) -> None:
    called(database, world, meeting(database, world), absent=("karim",))
    as_(client, database, world, "maude")
    html = page(client.get(f"/cohortes/{world.cohort}"))
    assert "Prochaines séances" in html
    assert "Karim" not in html
    assert "À appeler" not in html
    assert "<form" in html
    assert "/ouverture" not in html


# A new cohort -----------------------------------------------------------------------------------

NEW = {
    "phase": "deployment", "code": "GEN-ALM-2", "title": "Généraliste d’hiver", "path": "generaliste 1.0",
    "starts_on": "2026-11-30", "ends_on": "", "capacity": "10", "place": "Alma", "region_code": "02",
    "applications_open": "true",
}  # fmt: skip


def test_a_coordinator_opens_a_cohort(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    sent = {**fields(page(client.get("/cohortes/nouvelle")), "/cohortes"), **NEW}
    answer = client.post("/cohortes", data=sent)
    assert answer.status_code == 303, answer.text
    html = page(client.get(answer.headers["location"]))
    assert "Généraliste d’hiver" in html
    with database.transaction(colleges=[world.alma]) as db:
        row = db.exec(select(Cohort).where(Cohort.code == "GEN-ALM-2")).one()
        assert (row.capacity, row.applications_open, row.ends_on > row.starts_on) == (10, True, True)


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"code": "GEN-ALM-1"}, 409, "déjà pris"),
        ({"ends_on": "2026-11-01"}, 422, "La fin doit venir après le début"),
        ({"path": "generaliste 9.9"}, 422, "n’est pas publiée"),
        ({"code": "pas un code"}, 422, "corriger"),
        ({"capacity": "0"}, 422, "au moins 1"),
        ({"surprise": "1"}, 422, "pas attendu"),
    ],
)
def test_a_refused_cohort_loses_nothing_that_was_typed(
    client: TestClient, database: Database, world: World, *, change: dict[str, str], status: int, message: str
) -> None:
    as_(client, database, world, "coordinator")
    sent = {**fields(page(client.get("/cohortes/nouvelle")), "/cohortes"), **NEW, **change}
    html = page(client.post("/cohortes", data=sent), status)
    assert message in html
    assert "Généraliste d’hiver" in html
    with database.transaction(colleges=[world.alma]) as db:
        assert len(db.exec(select(Cohort.id).where(Cohort.college_id == world.alma)).all()) == 1


def test_the_settings_of_a_cohort(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}"
    sent = fields(page(client.get(path)), f"{path}/ouverture")
    assert client.post(f"{path}/ouverture", data=sent).status_code == 303
    assert "Candidatures fermées" in page(client.get(path))


# Applying and answering -------------------------------------------------------------------------


def test_from_application_to_the_start(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "nobody")
    open_path = f"/cohortes-ouvertes/{world.cohort}"
    assert "Généraliste GEN-ALM-1" in page(client.get("/cohortes-ouvertes", params={"recherche": "alma"}))
    sent = {**fields(page(client.get(open_path)), open_path), "motive": "Aider les commerces d’ici.", "employer": ""}
    assert client.post(open_path, data=sent).headers["location"] == open_path
    assert "Votre candidature est bien reçue" in page(client.get(open_path))
    assert "déjà une candidature" in page(client.post(open_path, data=sent), 409)
    assert "Candidature reçue" in page(client.get("/cohortes-ouvertes"))

    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/candidatures"
    html = page(client.get(path))
    assert "Aider les commerces d’ici." in html
    form = re.search(rf'action="({path}/(\d+))[?"]', html)
    assert form is not None
    action, enrolment_id = form.group(1), int(form.group(2))
    assert client.post(action, data={**fields(html, action), "to": "admitted"}).headers["location"] == path
    html = page(client.get(f"/cohortes/{world.cohort}"))
    assert "1 personne admise n’a pas commencé" in html
    action = f"{path}/{enrolment_id}"
    sent = {**fields(page(client.get(path)), action), "to": "active"}
    assert client.post(action, data=sent).status_code == 303
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Enrolment, enrolment_id)
        assert (row.state, row.joined_on) == (EnrolmentState.ACTIVE, today())

    as_(client, database, world, "nobody")
    assert "a répondu" in page(client.get(open_path))
    assert client.get(f"/cohortes/{world.cohort}").status_code == 200


def test_a_refused_admission_says_why_beside_the_person(client: TestClient, database: Database, world: World) -> None:
    enrolment_id = applied(database, world)
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.capacity, row.late_join_pct = 4, 0
        db.add(row)
    as_(client, database, world, "coordinator")
    action = f"/cohortes/{world.cohort}/candidatures/{enrolment_id}"
    html = page(client.post(action, data={"to": "admitted", "reason": ""}), 409)
    assert "Les 4 places sont prises" in html
    assert "La date limite pour se joindre était" in html
    html = page(client.post(action, data={"to": "refused", "reason": ""}), 409)
    assert "Écrivez la raison" in html
    assert state_of(database, world, enrolment_id) is EnrolmentState.APPLIED

    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(Cohort, world.cohort)
        row.capacity = 5
        db.add(row)
    html = page(client.post(action, data={"to": "admitted", "reason": ""}), 409)
    assert "places sont prises" not in html
    assert client.post(action, data={"to": "admitted", "reason": "Recommandation du collège."}).status_code == 303
    assert state_of(database, world, enrolment_id) is EnrolmentState.ADMITTED
    assert client.post(action, data={"to": "active", "joined_on": STARTED.isoformat()}).status_code == 303
    assert state_of(database, world, enrolment_id) is EnrolmentState.ACTIVE


def test_an_answer_stays_within_its_cohort(client: TestClient, database: Database, world: World) -> None:
    enrolment_id = applied(database, world)
    as_(client, database, world, "other_coordinator")
    path = f"/cohortes/{world.other_cohort}/candidatures/{enrolment_id}"
    assert client.post(path, data={"to": "admitted"}).status_code == 404
    as_(client, database, world, "coordinator")
    missing = f"/cohortes/{world.other_cohort}/candidatures/{enrolment_id}"
    assert client.post(missing, data={"to": "admitted"}).status_code == 404
    assert state_of(database, world, enrolment_id) is EnrolmentState.APPLIED


def test_someone_who_follows_the_path_elsewhere_is_refused_with_words(
    client: TestClient, database: Database, world: World
) -> None:
    enrolment_id = applied(database, world, "other_participant")
    as_(client, database, world, "coordinator")
    action = f"/cohortes/{world.cohort}/candidatures/{enrolment_id}"
    html = page(client.post(action, data={"to": "admitted", "reason": ""}), 409)
    assert "suit déjà ce parcours" in html
    assert state_of(database, world, enrolment_id) is EnrolmentState.APPLIED
