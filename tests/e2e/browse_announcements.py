"""An announcement to a cohort: previewed as its people will read it, then sent; and one of them reads it."""

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.network import World

CASES = pytest.mark.parametrize(
    ("width", "javascript"), [(WIDE, True), (NARROW, True), (NARROW, False)], ids=["desktop", "phone", "no script"]
)
TEXT = "Le stationnement est fermé jeudi.\nVenez par la porte nord."


def check(page: Page, *, javascript: bool) -> None:
    """Fail if the page is wider than its window, or axe finds something, where scripts run."""
    assert overflow(page) == []
    if javascript:
        assert violations(page) == []


def sent(database: Database) -> int:
    """Return how many announcements were sent."""
    with database.engine.connect() as owner:
        return int(owner.exec_driver_sql("select count(*) from announcement").scalar_one())


@CASES
def test_announcement_is_previewed_sent_and_read(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}")
    page.locator(f'a[href="/cohortes/{world.cohort}/annonces"]').first.click()
    check(page, javascript=javascript)
    page.locator("[name=subject]").fill("Stationnement")
    page.locator("[name=text]").fill(TEXT)
    page.get_by_role("button", name="Voir").click()
    expect(page.locator("#message")).to_be_visible()
    expect(page.get_by_text("Maude Bérubé").first).to_be_visible()
    page.locator("summary").last.click()
    check(page, javascript=javascript)
    assert sent(database) == 0, "nothing is sent yet"
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Venez par la porte nord.").first).to_be_visible()
    check(page, javascript=javascript)
    assert sent(database) == 1
    reader = visits("maude", width=width, javascript=javascript)
    reader.goto("/messages")
    expect(reader.get_by_text("Stationnement").first).to_be_visible()
    check(reader, javascript=javascript)
