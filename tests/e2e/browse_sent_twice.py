"""Forms sent twice, as people do: a double click, "back" and send, a key pressed twice, without scripts too."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.visits import Visits
from tests.factories.network import World

NAMES = "select name from enterprise order by name"


def enterprises(database: Database) -> list[str]:
    """Return the names of the enterprises."""
    with database.engine.connect() as connection:
        return list(connection.exec_driver_sql(NAMES).scalars())


def write_firm(page: Page, name: str) -> None:
    """Open the list of enterprises and write a new one."""
    page.goto("/entreprises")
    expect(page).to_have_url(re.compile(r"/entreprises\?cle="))
    for summary in page.locator("main details:not([open]) > summary").all():
        summary.click()
    page.locator("[name=name]").fill(name)
    page.locator("[name=sector]").fill("agriculture")
    page.locator("[name=size]").select_option(index=1)
    page.locator("form:has([name=sector]) [name=region_code]").select_option("02")


def submit(page: Page) -> None:
    """Send the form of an enterprise."""
    page.locator("form:has([name=sector]) button[type=submit]").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_enterprise_sent_by_a_double_click_is_one_and_its_page_is_shown(
    visits: Visits, database: Database, *, javascript: bool
) -> None:
    page = visits("coordinator", javascript=javascript)
    write_firm(page, "Ferme Boréale")
    page.locator("form:has([name=sector]) button[type=submit]").dblclick()
    expect(page.locator("main")).to_contain_text("Ferme Boréale")
    assert page.locator("main .problem").count() == 0
    assert enterprises(database).count("Ferme Boréale") == 1


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_form_gone_back_to_and_sent_again_lands_on_what_was_made(
    visits: Visits, database: Database, *, javascript: bool
) -> None:
    page = visits("coordinator", javascript=javascript)
    write_firm(page, "Ferme Boréale")
    submit(page)
    expect(page.locator("main")).to_contain_text("Ferme Boréale")
    page.go_back()
    expect(page.locator("[name=name]")).to_have_value("Ferme Boréale")  # as the browser restores it
    submit(page)
    expect(page.locator("[name=name]")).to_have_value("")
    expect(page.locator("main")).to_contain_text("Ferme Boréale")
    assert page.locator("main .problem").count() == 0
    assert enterprises(database).count("Ferme Boréale") == 1


def test_form_gone_back_to_and_changed_says_what_is_made_and_keeps_the_text(visits: Visits, database: Database) -> None:
    page = visits("coordinator")
    visits.expected |= {409}
    write_firm(page, "Ferme Boréale")
    submit(page)
    expect(page.locator("main")).to_contain_text("Ferme Boréale")
    page.go_back()
    expect(page.locator("[name=name]")).to_have_value("Ferme Boréale")
    page.locator("[name=name]").fill("Ferme Laurentienne")
    submit(page)
    expect(page.locator("main .problem a").first).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Ferme Laurentienne")
    assert enterprises(database).count("Ferme Laurentienne") == 0
    submit(page)
    expect(page.locator("main")).to_contain_text("Ferme Laurentienne")
    assert enterprises(database).count("Ferme Laurentienne") == 1


def test_seats_changed_by_a_double_click_are_no_conflict(visits: Visits, world: World) -> None:
    page = visits("coordinator")
    page.goto(f"/cohortes/{world.cohort}/modification")
    page.locator("[name=capacity]").fill("17")
    page.locator("form:has([name=capacity]) button[type=submit]").click()
    page.locator("form:has([name=shown]) button[type=submit]").dblclick()
    expect(page).to_have_url(re.compile(rf"/cohortes/{world.cohort}$"))
    expect(page.locator("main .problem")).to_have_count(0)
