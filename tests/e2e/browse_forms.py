"""Forms whose time ran out, or that two people have open: the browser still has, or shows again, what was written."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.browse_applications import MOTIVE, applications, write
from tests.e2e.visits import NARROW, Visits
from tests.factories.cohorts import meeting
from tests.factories.network import PASSWORD, World


def end_sign_ins(database: Database) -> None:
    """End every sign-in, as time does."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("update sign_in set ended_at = now()")


def sign_in_beside(page: Page, email: str) -> None:
    """Sign in from the page that keeps a form, in the tab that opens for it, and close that."""
    beside = page.locator("form[target=_blank]")
    beside.locator("[name=email]").fill(email)
    beside.locator("[name=password]").fill(PASSWORD)
    with page.context.expect_page() as opened:
        beside.locator("button").click()
    expect(opened.value.locator("h1")).to_be_visible()
    opened.value.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_form_whose_sign_in_ended_is_sent_after_signing_in_beside_it(
    visits: Visits, world: World, database: Database, *, javascript: bool
) -> None:
    page = visits("nobody", width=NARROW, javascript=javascript)
    visits.expected |= {401}
    write(page, world.cohort)
    end_sign_ins(database)
    page.locator("form:has([name=motive]) button").click()
    expect(page.locator("[name=motive]")).to_have_value(MOTIVE)
    assert applications(database, world.cohort) == []
    sign_in_beside(page, world.emails["nobody"])
    page.locator("form:has([name=motive]) button").click()
    expect(page.locator("main .notice")).to_be_visible()
    assert [text.replace("\r\n", "\n") for text in applications(database, world.cohort)] == [MOTIVE]


def test_form_sent_again_before_signing_in_keeps_the_text(visits: Visits, world: World, database: Database) -> None:
    page = visits("nobody")
    visits.expected |= {401}
    write(page, world.cohort)
    end_sign_ins(database)
    for _ in range(2):
        page.locator("form:has([name=motive]) button").click()
        expect(page.locator("[name=motive]")).to_have_value(MOTIVE)
    assert applications(database, world.cohort) == []


def test_form_of_another_tab_is_received_once(visits: Visits, world: World, database: Database) -> None:
    """The same form in two tabs: the second is told, and keeps its text."""
    first = visits("nobody")
    second = first.context.new_page()
    visits.expected |= {409}
    for page in (first, second):
        write(page, world.cohort)
    first.locator("form:has([name=motive]) button").click()
    expect(first.locator("main .notice")).to_be_visible()
    second.locator("form:has([name=motive]) button").click()
    expect(second.locator("main [role=alert]")).to_be_visible()
    expect(second.get_by_text("où qu’elles soient").first).to_be_attached()
    assert len(applications(database, world.cohort)) == 1


def test_roll_call_closed_by_two_people_is_the_first_one_s(visits: Visits, world: World, database: Database) -> None:
    """The coordinator and the trainer call the same session: the second is told, and overwrites nothing."""
    session = meeting(database, world)
    visits.expected |= {409}
    pages = [visits(who) for who in ("coordinator", "trainer")]
    for page, minutes in zip(pages, ("60", "90"), strict=True):
        page.goto(f"/seances/{session}/appel")
        page.locator("[name=minutes]").first.fill(minutes)
    first, second = pages
    first.locator("form:has([name=minutes]) button").click()
    expect(first).to_have_url(re.compile(rf"/cohortes/{world.cohort}/seances\?cle="))
    second.locator("form:has([name=minutes]) button").click()
    expect(second.locator("main [role=alert]")).to_be_visible()
    expect(second.locator("[name=minutes]").first).to_have_value("90")
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("select minutes from roll_call_entry order by id").scalars().all()
    assert 60 in kept
    assert 90 not in kept
