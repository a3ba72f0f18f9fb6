"""The catch-up list of someone who joined late, decided as a whole: on a computer, on a phone, without scripts."""

import pytest
from playwright.sync_api import expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.network import World
from tests.overview.test_late_join import late_joiner


@pytest.mark.parametrize(
    ("width", "javascript"), [(WIDE, True), (NARROW, True), (NARROW, False)], ids=["computer", "phone", "no script"]
)
def test_coordinator_decides_of_the_whole_list_from_the_page_of_the_cohort(
    visits: Visits, world: World, database: Database, width: int, javascript: bool
) -> None:
    late_joiner(database, world)
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}")
    page.locator("a[href$='/liste-de-rattrapage']").first.click()
    expect(page.locator("[name=waived_because]")).to_have_count(2)
    assert overflow(page) == []
    if javascript:
        assert violations(page) == []
    page.locator("[name=waived_because]").first.fill("Atelier déjà suivi dans une autre cohorte.")
    page.locator("form.stack button").last.click()
    expect(page.locator("td", has_text="Dispense").first).to_be_visible()
    expect(page.locator("td", has_text="À reprendre pour le").first).to_be_visible()
    page.goto(f"/cohortes/{world.cohort}")
    expect(page.locator("a[href$='/liste-de-rattrapage']")).to_have_count(0)
