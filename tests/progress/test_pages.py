"""The pages of a path, for the participant and for those who train or coordinate them."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.attendance.calendar import service as sessions
from app.attendance.calendar.schemas import NewSession
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.network import World, acting, as_, see


def path(world: World, who: str = "maude") -> str:
    return f"/parcours/{world.enrolments[who]}"


def normalised_text(html: str) -> str:
    """The page's text, codes and spaces made plain."""
    return re.sub(r'<span class="code">(.*?)</span>', r"\1", html).replace("\N{NO-BREAK SPACE}", " ")


def test_one_path_opens_at_once(client: TestClient, database: Database, world: World) -> None:
    answer = as_(client, database, world, "maude").get("/parcours")
    assert (answer.status_code, answer.headers["location"]) == (303, path(world))


def test_my_path_says_what_to_do_first_and_why(client: TestClient, database: Database, world: World) -> None:
    page = as_(client, database, world, "maude").get(path(world))
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
    assert "Parcours généraliste – Intervenir en contexte numérique" in page.text
    for text in (
        "À faire maintenant",
        "L’activité GEN-1.A est à faire.",
        "Terminez d’abord le module GEN-1.",
        "Attestation de participation",
        "L’assiduité est de 0\N{NO-BREAK SPACE}%; il faut 80",
        "Aucune séance n’a encore eu lieu.",
    ):
        assert text.replace("\N{NO-BREAK SPACE}", " ") in normalised_text(page.text), text
    assert f'href="{path(world)}/activites/GEN-1.A"' in page.text


def test_my_path_links_to_my_judgements_and_to_the_calendar(
    client: TestClient, database: Database, world: World
) -> None:
    page = as_(client, database, world, "maude").get(path(world)).text
    for link in (f"{path(world)}/jugements/CN-01", f"/cohortes/{world.cohort}/seances", "/attestations"):
        assert f'href="{link}"' in page
        assert client.get(link).status_code == 200


def test_the_next_session_is_shown_in_local_time(client: TestClient, database: Database, world: World) -> None:
    with database.transaction() as db:
        actor, _, cohort = see(db, world, "coordinator", P.SESSION_MANAGE)
        command = NewSession(activity_code="GEN-1.B", starts_at=now() + timedelta(days=3), place="Salle B-214")
        sessions.schedule(db, actor, cohort, command)
    page = as_(client, database, world, "maude").get(path(world)).text
    assert "Prochaine séance" in page
    assert "Salle B-214" in page


@pytest.mark.parametrize("who", ["trainer", "coordinator", "registrar"])
def test_the_same_page_is_the_persons_file(client: TestClient, database: Database, world: World, who: str) -> None:
    page = as_(client, database, world, who).get(path(world))
    assert page.status_code == 200
    assert "<h1>Maude Bérubé</h1>" in page.text
    assert "Historique de l’inscription" in page.text
    assert "par Corinne Coordination" in page.text
    assert f"{path(world)}/jugements/CN-01" in page.text
    assert f'href="/inscriptions/{world.enrolments["maude"]}"' in page.text
    assert ("/attestations" in page.text) is (who == "registrar")
    assert (f"{path(world)}/activites/GEN-1.A" in page.text) is (who != "registrar")


@pytest.mark.parametrize("who", ["karim", "other_trainer", "other_coordinator"])
def test_a_file_out_of_reach_reads_as_missing(client: TestClient, database: Database, world: World, who: str) -> None:
    as_(client, database, world, who)
    hidden, missing = client.get(path(world)), client.get("/parcours/999999")
    assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_someone_without_a_path_is_shown_where_to_apply(client: TestClient, database: Database, world: World) -> None:
    page = as_(client, database, world, "nobody").get("/parcours")
    assert page.status_code == 200
    assert 'href="/cohortes-ouvertes"' in page.text


def test_two_paths_make_a_list_and_an_application_is_shown_as_such(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction() as db:
        applicant = acting(db, world, "maude", P.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(db, applicant, world.other_cohort)
        other = enrolments.apply(db, applicant, cohort, ApplyCommand(motive="Déménagement à Rouyn.")).id
    as_(client, database, world, "maude")
    page = client.get("/parcours")
    assert page.status_code == 200
    assert f'href="{path(world)}"' in page.text
    assert f'href="/parcours/{other}"' in page.text
    assert "Candidature reçue" in page.text
    assert client.get(f"/parcours/{other}").status_code == 200


def test_path_without_signing_in_redirects_to_sign_in(client: TestClient, world: World) -> None:
    answer = client.get(path(world))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path(world)}")
