"""The search box in a browser: by the keyboard, on a telephone, without scripts."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.visits import NARROW, Visits
from tests.factories.network import World

REACHED_WITHIN = 15
"""Presses of the Tab key that the box, and then the first result, are reached within."""


def tab_to(element: Locator) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(REACHED_WITHIN):
        element.page.keyboard.press("Tab")
        if element.evaluate("one => one === document.activeElement"):
            break
    expect(element).to_be_focused()


@pytest.mark.parametrize("width", [1280, NARROW])
@pytest.mark.parametrize("javascript", [True, False])
def test_person_is_found_by_the_keyboard_from_any_page(
    visits: Visits, world: World, width: int, javascript: bool
) -> None:
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}")
    box = page.get_by_role("search", name="Rechercher dans Escouade").get_by_role("searchbox")
    expect(box).to_have_attribute("accesskey", "r")
    tab_to(box)
    page.keyboard.type("berube maude")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?recherche=berube+maude")
    expect(box).to_have_value("berube maude")
    found = page.get_by_role("main").get_by_role("link", name="Maude Bérubé")
    tab_to(page.get_by_role("link", name="Aller au contenu"))
    page.keyboard.press("Enter")
    tab_to(found)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/inscriptions/{world.enrolments['maude']}**")
    expect(page.locator("h1")).to_contain_text("Maude Bérubé")
