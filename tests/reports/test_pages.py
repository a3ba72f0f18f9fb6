"""Pages of reports and indicators."""

import re

from fastapi.testclient import TestClient

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from tests.factories.network import World, as_
from tests.factories.reports import add_cohort, add_region_targets


def test_list_links_the_reports_within_reach(client: TestClient, database: Database, world: World) -> None:
    page = as_(client, database, world, "registrar").get("/rapports").text
    assert f'href="/rapports/colleges/{world.alma}"' in page
    assert f'href="/api/v1/cohorts/{world.cohort}/progress-report.xlsx"' in page
    page = as_(client, database, world, "observer").get("/rapports").text
    assert f'href="/indicateurs?projet={world.project}"' in page
    assert "progress-report" not in page
    assert "aucun rapport" in as_(client, database, world, "maude").get("/rapports").text
    assert client.get("/rapports/cohortes/1").status_code == 403


def test_college_page_shows_rows_and_totals(client: TestClient, database: Database, world: World) -> None:
    add_cohort(database, world, "10", *[EnrolmentState.ACTIVE] * 2, college="alma", name="<b>Gras</b>")
    page = as_(client, database, world, "registrar").get(f"/rapports/colleges/{world.alma}")
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
    assert "Maude Bérubé" in page.text
    assert "&lt;b&gt;Gras&lt;/b&gt;" in page.text
    assert "Total GEN-ALM-1" in page.text
    assert "6 inscriptions" in page.text
    assert client.get(f"/rapports/colleges/{world.rouyn}").status_code == 404


def test_cohort_page_shows_rows_and_download_links(client: TestClient, database: Database, world: World) -> None:
    page = as_(client, database, world, "trainer").get(f"/rapports/cohortes/{world.cohort}")
    assert page.status_code == 200
    assert "4 inscriptions" in page.text
    assert f"/api/v1/cohorts/{world.cohort}/progress-report.csv?format=donnees" in page.text


def test_a_cohort_without_anyone(client: TestClient, database: Database, world: World) -> None:
    cohort = add_cohort(database, world, "10", college="alma")
    page = as_(client, database, world, "registrar").get(f"/rapports/cohortes/{cohort}")
    assert "Personne n’a encore été admis" in page.text


def test_indicators_page_shows_the_target_of_a_region(client: TestClient, database: Database, world: World) -> None:
    add_region_targets(database, world, ("11", "advisors", 24))
    page = as_(client, database, world, "observer").get(f"/indicateurs?projet={world.project}").text
    assert "Gaspésie" in page
    assert len(re.findall(r"cible\s:\s24</small>", page)) == 1


def test_indicators_page_marks_masked_figures(client: TestClient, database: Database, world: World) -> None:
    add_cohort(database, world, "08", *[EnrolmentState.ACTIVE] * 3)
    page = as_(client, database, world, "observer").get(f"/indicateurs?projet={world.project}").text
    assert "masqué</abbr>" in page
    assert "Abitibi-Témiscamingue" in page
    assert client.get("/indicateurs?projet=999").status_code == 404
