"""A hold on someone's certificates: opened by the registrar, read by the person, lifted with a reason."""

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories import eligible
from tests.factories.holds import REASON
from tests.factories.network import World

CASES = pytest.mark.parametrize(
    ("width", "javascript"), [(WIDE, True), (NARROW, True), (NARROW, False)], ids=["desktop", "phone", "no script"]
)


def check(page: Page, *, javascript: bool) -> None:
    """Fail if the page is wider than its window, or axe finds something, where scripts run."""
    assert overflow(page) == []
    if javascript:
        assert violations(page) == []


@CASES
def test_hold_is_opened_read_by_the_person_and_lifted(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}"
    registrar = visits("registrar", width=width, javascript=javascript)
    registrar.goto(f"/colleges/{world.alma}/attestations")
    registrar.locator(f'a[href="{path}/retenues"]').click()
    check(registrar, javascript=javascript)
    registrar.locator("[name=reason]").fill(REASON)
    registrar.get_by_role("button", name="Ouvrir la retenue").click()
    expect(registrar.get_by_text(REASON)).to_be_visible()
    check(registrar, javascript=javascript)
    hold = registrar.url

    maude = visits("maude", width=width, javascript=javascript)
    maude.goto(path)
    expect(maude.get_by_text("Délivrance retenue")).to_be_visible()
    check(maude, javascript=javascript)
    maude.get_by_role("link", name="Voir la retenue").click()
    expect(maude.get_by_text(REASON)).to_be_visible()
    expect(maude.locator("[name=reason]")).to_have_count(0)
    check(maude, javascript=javascript)

    registrar.goto(f"/colleges/{world.alma}/retenues")
    check(registrar, javascript=javascript)
    registrar.goto(hold)
    registrar.locator("[name=reason]").fill("Frais acquittés.")
    registrar.get_by_role("button", name="Lever la retenue").click()
    expect(registrar.get_by_text("Frais acquittés.")).to_be_visible()
    maude.goto(path)
    expect(maude.get_by_text("Délivrance retenue")).to_have_count(0)
