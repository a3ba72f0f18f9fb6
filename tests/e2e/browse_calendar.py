"""The calendar as a coordinator plans it: clashes read before they are confirmed, a series, a session put back."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import meeting
from tests.factories.network import STARTED, World

CASES = pytest.mark.parametrize(
    ("width", "javascript"), [(WIDE, True), (NARROW, True), (NARROW, False)], ids=["desktop", "phone", "no script"]
)
DAY = STARTED + timedelta(days=40)
FREE = DAY + timedelta(days=1)


def check(page: Page, *, javascript: bool) -> None:
    """Fail if the page is wider than its window, or axe finds something, where scripts run."""
    assert overflow(page) == []
    if javascript:
        assert violations(page) == []


def count(database: Database, table: str) -> int:
    """Return how many rows a table has."""
    with database.engine.connect() as owner:
        return int(owner.exec_driver_sql(f"select count(*) from {table}").scalar_one())  # noqa: S608 - ours


def read_and_confirm(page: Page, button: str, *, javascript: bool) -> None:
    """Read what clashes with the session on the form that came back, say so, and send it again."""
    box = page.locator("[name=clashes_seen]")
    expect(box).to_be_visible()
    expect(box).not_to_be_checked()
    expect(page.get_by_text("Karim Haddad, Maude Bérubé").first).to_be_visible()
    check(page, javascript=javascript)
    box.check()
    page.get_by_role("button", name=button).click()


@CASES
def test_session_that_clashes_is_planned_once_its_warnings_are_read(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    meeting(database, world, days=40)
    page = visits("coordinator", width=width, javascript=javascript)
    visits.expected.add(409)
    page.goto(f"/cohortes/{world.cohort}/seances")
    page.locator("[name=activity_code]").select_option("GEN-3.B")
    page.locator("[name=day]").fill(DAY.isoformat())
    page.locator("[name=clock]").fill("09:00")
    page.locator("[name=place]").fill("Salle 12")
    page.get_by_role("button", name="Ajouter au calendrier").click()
    assert page.locator("[name=place]").input_value() == "Salle 12"
    read_and_confirm(page, "Ajouter au calendrier", javascript=javascript)
    expect(page.locator("[name=clashes_seen]")).to_have_count(0)
    assert count(database, "scheduled_session") == 2


@CASES
def test_cancelled_session_is_put_back_once_what_it_clashes_with_is_read(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    session = meeting(database, world, days=40)
    page = visits("coordinator", width=width, javascript=javascript)
    visits.expected.add(409)
    page.goto(f"/seances/{session}/annulation")
    page.locator("[name=reason]").fill("Tempête de neige.")
    page.get_by_role("button", name="Annuler la séance").click()
    meeting(database, world, days=40, code="GEN-3.B")
    page.goto(f"/seances/{session}/retablissement")
    page.locator("[name=reason]").fill("Le chemin est déneigé.")
    page.get_by_role("button", name="Rétablir la séance").click()
    assert page.locator("[name=reason]").input_value() == "Le chemin est déneigé."
    read_and_confirm(page, "Rétablir la séance", javascript=javascript)
    expect(page).to_have_url(re.compile(rf"/cohortes/{world.cohort}/seances"))
    assert count(database, "session_restoration") == 1


@CASES
def test_weekly_series_is_seen_whole_then_planned(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    meeting(database, world, days=40)
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}/seances")
    page.get_by_role("link", name="Planifier une série de séances").click()
    check(page, javascript=javascript)
    page.locator("[name=day]").fill((DAY - timedelta(days=7)).isoformat())
    page.locator("[name=clock]").fill("09:00")
    page.locator("[name=number]").fill("3")
    page.locator("[name=with_holidays]").check()
    page.locator("[name=skipping]").fill((DAY + timedelta(days=7)).isoformat())
    page.get_by_role("button", name="Voir toutes les dates").click()
    expect(page.get_by_text("Karim Haddad, Maude Bérubé").first).to_be_visible()
    check(page, javascript=javascript)
    assert count(database, "scheduled_session") == 1, "nothing is planned yet"
    page.locator("[name=meeting_link]").fill("https://visio.example/j/815")
    page.get_by_role("button", name="Planifier ces 3 séances").click()
    expect(page).to_have_url(re.compile(rf"/cohortes/{world.cohort}/seances\?cle="))
    assert count(database, "scheduled_session") == 4


@CASES
def test_codevelopment_session_is_moved_and_its_group_reads_what_it_was(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    meeting(database, world, days=41)
    starts_at = datetime.combine(DAY, time(13), UTC)
    session = plan_session(database, world, create_group(database, world).id, at=starts_at)
    page = visits("coordinator", width=width, javascript=javascript)
    visits.expected.add(409)
    page.goto(f"/codev/seances/{session}")
    page.get_by_role("link", name="Déplacer ou modifier la séance").click()
    check(page, javascript=javascript)
    page.locator("[name=day]").fill(FREE.isoformat())
    page.locator("[name=reason]").select_option("weather")
    page.get_by_role("button", name="Enregistrer le changement").click()
    read_and_confirm(page, "Enregistrer le changement", javascript=javascript)
    expect(page.locator("#avant")).to_be_visible()
    assert count(database, "codev_session_change") == 1
    reader = visits("maude", width=width, javascript=javascript)
    reader.goto(f"/codev/seances/{session}")
    expect(reader.get_by_text("météo")).to_be_visible()
    check(reader, javascript=javascript)
