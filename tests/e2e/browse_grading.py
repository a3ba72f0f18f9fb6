"""Judging a work with the keyboard alone: every field can be reached, and is seen when it is."""

from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.visits import Visits
from tests.factories.grading import hand_in
from tests.factories.network import World

FOCUS_IS_SEEN = """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
  return (s.outlineStyle !== 'none' || s.boxShadow !== 'none') && b.width && b.bottom > 0 && b.top < innerHeight; }"""


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until an element has the focus; where the focus is must be visible all the way."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached in {most} steps")


def test_work_is_judged_with_the_keyboard_alone(visits: Visits, world: World, database: Database) -> None:
    hand_in(database, world)
    page = visits("trainer")
    page.goto("/jugements")
    tab_to(page, "a[href*='/jugements/CN-']")
    page.keyboard.press("Enter")
    expect(page.locator("[name=level]").first).to_be_visible()
    tab_to(page, "[name=criteria_met]")
    page.keyboard.press("Space")
    tab_to(page, "[name=level]")
    page.keyboard.press("Space")
    tab_to(page, "[name=comment]")
    page.keyboard.type("Le territoire est bien décrit.")
    tab_to(page, "button[name=then][value=stay]")
    page.keyboard.press("Enter")
    expect(page.locator("#history-title")).to_be_visible()
    with database.engine.connect() as connection:
        judged = connection.exec_driver_sql("select level, comment from judgement").all()
    assert [tuple(row) for row in judged] == [(1, "Le territoire est bien décrit.")]
