"""A codevelopment group in the browser: each agrees to its contract, and the others see it."""

import pytest
from playwright.sync_api import expect

from app.platform.database.transaction import Database
from tests.e2e.visits import Visits
from tests.factories.codev import create_group
from tests.factories.network import World

CASES = pytest.mark.parametrize(("width", "javascript"), [(1280, True), (320, False)])


@CASES
def test_member_reads_the_contract_and_agrees_and_the_group_sees_it(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    group = create_group(database, world, agreed=False)
    page = visits("maude", width=width, javascript=javascript)
    visits.expected.add(422)
    page.goto(f"/codev/groupes/{group.id}")
    page.get_by_role("link", name="Lire et accepter le contrat").click()
    page.get_by_role("button", name="Accepter le contrat").click()
    expect(page.get_by_text("Cochez la case").first).to_be_visible()
    page.get_by_label("J’ai lu ce contrat et je l’accepte.").check()
    page.get_by_role("button", name="Accepter le contrat").click()
    expect(page.get_by_role("button", name="Accepter le contrat")).to_have_count(0)
    expect(page.locator("tr", has_text="Maude Bérubé").get_by_text("Accepté le")).to_be_visible()
    reader = visits("coordinator", width=width, javascript=javascript)
    reader.goto(f"/codev/groupes/{group.id}")
    expect(reader.get_by_text("4 personnes n’ont pas encore accepté le contrat")).to_be_visible()
