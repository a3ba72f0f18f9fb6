"""A coordinator prepares a cohort, opens it, changes it and starts it early, at 320 px and without scripts."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from app.platform.messages.i18n import today
from tests.e2e.visits import NARROW, Visits, overflow
from tests.factories.network import World


def confirm(page: Page, *, reason: str = "") -> None:
    """Confirm what a page says that it changes."""
    if reason:
        page.locator("[name=reason]").fill(reason)
    page.locator("form:has([name=shown]) button[type=submit]").click()


def test_cohort_is_prepared_opened_changed_and_started_without_scripts(visits: Visits, world: World) -> None:
    page = visits("coordinator", width=NARROW, javascript=False)
    page.goto(f"/cohortes/{world.cohort}/copie")
    page.locator("[name=title]").fill("Généraliste, printemps")
    page.locator("[name=starts_on]").fill((today() + timedelta(days=30)).isoformat())
    page.locator("[name=with_staff]").check()
    page.locator("form:has([name=code]) button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("Généraliste, printemps")
    cohort = page.url.partition("?")[0]
    page.locator("a[href$='/etat/open']").click()
    confirm(page)
    expect(page).to_have_url(re.compile("/etat$"))
    page.goto(f"{cohort}/modification")
    page.locator("[name=capacity]").fill("9")
    page.locator("form:has([name=capacity]) button[type=submit]").click()
    assert overflow(page) == []
    confirm(page)
    expect(page.locator("main")).to_contain_text("9")
    page.goto(f"{cohort}/etat/running")
    assert overflow(page) == []
    confirm(page, reason="Salle libre plus tôt.")
    expect(page.locator("main")).to_contain_text("Salle libre plus tôt.")
    page.goto(f"{cohort}/equipe")
    page.locator("table a").first.click()
    confirm(page, reason="Congé.")
    expect(page).to_have_url(re.compile("/equipe$"))
