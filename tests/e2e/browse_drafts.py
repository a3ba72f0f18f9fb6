"""Drafts of long texts: what a browser still has after the server died, and what it must not have any more."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.browse_applications import MOTIVE, applications
from tests.e2e.visits import Visits
from tests.factories.network import World

LONG = "\n\n".join(f"Paragraphe {n} : « l’avenir » d'Élise." for n in range(90))[:3900]


def drafts(page: Page) -> dict[str, Any]:
    """Return what the browser keeps, by key."""
    kept: dict[str, str] = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return {key: json.loads(value) for key, value in kept.items() if key.startswith("draft:")}


def soon(page: Page) -> dict[str, Any]:
    """Return what the browser keeps, once it keeps something: it waits for a pause in the typing."""
    for _ in range(40):
        if kept := drafts(page):
            return kept
        page.wait_for_timeout(100)
    return {}


def letter(page: Page, world: World) -> None:
    """Open the form of an application."""
    page.goto(f"/cohortes-ouvertes/{world.cohort}")


def test_draft_of_a_letter_survives_a_server_that_died(visits: Visits, world: World, database: Database) -> None:
    page = visits("nobody")
    letter(page, world)
    page.locator("[name=motive]").fill(LONG)
    page.route("**/*", lambda route: route.abort("connectionrefused"))
    page.locator("form:has([name=motive]) button.primary").click()
    page.wait_for_timeout(300)
    page.unroute("**/*")
    visits.faults.clear()  # the failed request is what this test makes
    letter(page, world)
    expect(page.locator("[name=motive]")).to_have_value("")
    expect(page.locator("[data-when=found]")).to_be_visible()
    page.locator("[data-take]").click()
    expect(page.locator("[name=motive]")).to_have_value(LONG)
    page.locator("form:has([name=motive]) button.primary").click()
    expect(page.locator("main .notice").first).to_be_visible()
    assert [text.replace("\r\n", "\n") for text in applications(database, world.cohort)] == [LONG]
    assert drafts(page) == {}


def test_draft_is_kept_while_someone_writes_and_forgotten_on_demand(visits: Visits, world: World) -> None:
    page = visits("nobody")
    letter(page, world)
    page.locator("[name=motive]").press_sequentially("Une lettre")
    (draft,) = soon(page).values()
    assert (draft["texts"], draft["base"]) == (["Une lettre"], [""])
    letter(page, world)
    page.locator("[data-forget]").click()
    expect(page.locator("[data-draft-notice]")).to_have_count(0)
    assert drafts(page) == {}


def test_draft_of_another_person_is_not_offered(visits: Visits, world: World) -> None:
    page = visits("nobody")
    letter(page, world)
    page.evaluate(
        f"localStorage.setItem('draft:999:/cohortes-ouvertes/{world.cohort}?', "
        "JSON.stringify({at: 0, base: [''], texts: ['Secret'], sent: false}))"
    )
    letter(page, world)
    expect(page.locator("[data-draft-notice]")).to_have_count(0)


def test_drafts_are_cleared_at_sign_out(visits: Visits, world: World) -> None:
    page = visits("nobody")
    letter(page, world)
    page.locator("[name=motive]").fill(MOTIVE)
    assert len(soon(page)) == 1
    page.locator('form[action^="/deconnexion"] button').first.click()
    page.wait_for_url("**/connexion")
    assert drafts(page) == {}


def test_two_tabs_that_write_the_same_letter_are_warned(visits: Visits, world: World) -> None:
    first = visits("nobody")
    second = first.context.new_page()
    for page in (first, second):
        letter(page, world)
    first.locator("[name=motive]").fill(MOTIVE)
    expect(second.locator("[data-when=tabs]")).to_be_visible()


def test_record_of_a_codevelopment_session_is_never_drafted(visits: Visits, world: World) -> None:
    page = visits("coordinator")
    page.goto(f"/codev?cohorte={world.cohort}")
    assert page.locator("form[data-draft]").count() == 0
    assert drafts(page) == {}
