"""An application, as people send it: from a phone, without scripts, twice, from two tabs."""

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.visits import NARROW, Visits, overflow
from tests.factories.network import World

MOTIVE = "Accompagner les PME d’ici : l’été,\nl’hiver, où qu’elles soient."


def applications(database: Database, cohort: int) -> list[str]:
    """Return the letters of a cohort's applications that wait for an answer."""
    query = (
        "select motive from application join enrolment on enrolment.id = enrolment_id"
        " where cohort_id = %s and state = 'applied'"
    )
    with database.engine.connect() as connection:
        return list(connection.exec_driver_sql(query, (cohort,)).scalars())


def write(page: Page, cohort: int) -> None:
    """Open the form of an application and write it."""
    page.goto(f"/cohortes-ouvertes/{cohort}")
    page.locator("[name=motive]").fill(MOTIVE)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_application_from_a_phone_is_received(
    visits: Visits, world: World, database: Database, javascript: bool
) -> None:
    page = visits("nobody", width=NARROW, javascript=javascript)
    write(page, world.cohort)
    page.locator("form.card button").click()
    expect(page.locator(".notice")).to_be_visible()
    assert page.locator("form.card").count() == 0
    assert [motive.replace("\r\n", "\n") for motive in applications(database, world.cohort)] == [MOTIVE]
    assert overflow(page) == []


def test_application_sent_by_a_double_click_is_one(visits: Visits, world: World, database: Database) -> None:
    page = visits("nobody")
    write(page, world.cohort)
    page.locator("form.card button").dblclick()
    expect(page.locator("main .notice")).to_be_visible()
    assert len(applications(database, world.cohort)) == 1
