"""Signing in, with the keyboard alone and without scripts."""

from playwright.sync_api import expect

from tests.e2e.visits import Visits
from tests.factories.network import PASSWORD, World


def test_sign_in_with_the_keyboard_alone_leads_home(visits: Visits, world: World) -> None:
    page = visits()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(world.emails["maude"])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".who-name")).to_contain_text("Maude")
