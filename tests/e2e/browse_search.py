"""The search box in a browser: by the keyboard, on a telephone, without scripts."""

import pytest
from playwright.sync_api import expect

from tests.e2e.visits import NARROW, Visits
from tests.factories.network import World


@pytest.mark.parametrize("width", [1280, NARROW])
@pytest.mark.parametrize("javascript", [True, False])
def test_person_is_found_by_the_keyboard_from_any_page(
    visits: Visits, world: World, width: int, javascript: bool
) -> None:
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}")
    box = page.get_by_role("search", name="Rechercher dans Escouade").get_by_role("searchbox")
    expect(box).to_have_attribute("accesskey", "r")
    box.focus()
    page.keyboard.type("berube maude")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?recherche=berube+maude")
    expect(box).to_have_value("berube maude")
    page.get_by_role("main").get_by_role("link", name="Maude Bérubé").press("Enter")
    page.wait_for_url(f"**/inscriptions/{world.enrolments['maude']}**")
    expect(page.locator("h1")).to_contain_text("Maude Bérubé")
