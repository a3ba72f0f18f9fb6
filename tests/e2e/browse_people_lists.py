"""Lists of people, as a coordinator and a registrar bring them in: from a file, read back, answered, confirmed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.network import World
from tests.identity.test_import_records import many

CASES = pytest.mark.parametrize(
    ("width", "javascript"), [(WIDE, True), (NARROW, True), (NARROW, False)], ids=["desktop", "phone", "no script"]
)


def invited(database: Database) -> list[tuple[str, str | None]]:
    """Return the invitations: address and role."""
    with database.engine.connect() as owner:
        rows = owner.exec_driver_sql("select email, role from invitation order by email")
        return [tuple(row) for row in rows]


def check(page: Page, *, javascript: bool) -> None:
    """Fail if the page is wider than its window, or axe finds something, where scripts run."""
    assert overflow(page) == []
    if javascript:
        assert violations(page) == []


@pytest.fixture
def file(tmp_path: Path, database: Database, world: World) -> Path:
    """Return a list as a clerk saves it: a name of the college, an address that is wrong, headings of their own."""
    with database.engine.connect() as owner:
        query = "select legal_first_name, legal_last_name from person where id = %s"
        first, last = owner.exec_driver_sql(query, (world.people["maude"],)).one()
    rows = ("Prénom;Nom de famille;Joindre à;Ville", f"{first};{last};autre@exemple.ca;Alma", "Léa;Roy;lea@;Alma")
    made = tmp_path / "candidatures.csv"
    made.write_bytes("\r\n".join(rows).encode("windows-1252"))
    return made


@CASES
def test_list_of_a_cohort_is_read_back_answered_corrected_and_confirmed(
    visits: Visits, world: World, database: Database, file: Path, *, width: int, javascript: bool
) -> None:
    page = visits("coordinator", width=width, javascript=javascript)
    page.goto(f"/cohortes/{world.cohort}/personnes/ajout")
    check(page, javascript=javascript)
    page.locator("[name=file]").set_input_files(file)
    page.locator("main form button").click()
    # The headings that are not known are matched, the column of towns is left out.
    expect(page.locator("#columns")).to_be_visible()
    check(page, javascript=javascript)
    page.locator("[name=columns]").nth(0).select_option("2:courriel")
    page.locator("[name=columns]").nth(1).select_option("3:")
    page.locator("main form .actions button").last.click()
    # One row is in doubt, the address of another is wrong.
    expect(page.locator("#questions")).to_be_visible()
    expect(page.locator("#problems")).to_be_visible()
    check(page, javascript=javascript)
    page.locator("[name=answers]").select_option("autre:autre@exemple.ca")
    text = page.locator("[name=people]")
    assert "Alma" not in text.input_value()
    text.fill(text.input_value().replace("lea@", "lea@exemple.ca"))
    page.locator("main form .actions button").last.click()
    # Nothing is left: what was read back is confirmed.
    confirm = page.locator("[name=confirmed]")
    expect(confirm).to_be_visible()
    assert page.locator("[name=answers]").input_value() == "autre:autre@exemple.ca"
    check(page, javascript=javascript)
    assert invited(database) == []
    confirm.click()
    expect(page.locator("[role=status].lead")).to_be_visible()
    check(page, javascript=javascript)
    assert invited(database) == [("autre@exemple.ca", None), ("lea@exemple.ca", None)]


@CASES
def test_list_of_staff_is_pasted_read_back_and_confirmed_once(
    visits: Visits, world: World, database: Database, *, width: int, javascript: bool
) -> None:
    page = visits("registrar", width=width, javascript=javascript)
    page.goto(f"/colleges/{world.alma}/invitations")
    page.locator(f"a[href='/colleges/{world.alma}/personnel/ajout']").click()
    check(page, javascript=javascript)
    rows = (
        "courriel\tprenom\tnom\trole",
        "lea@exemple.ca\tLéa\tRoy\tFormatrice",
        "max@exemple.ca\tMax\tCyr\tanimateur",
    )
    page.locator("[name=people]").fill("\n".join(rows))
    page.locator("main form button").click()
    confirm = page.locator("[name=confirmed]")
    expect(confirm).to_be_visible()
    check(page, javascript=javascript)
    confirm.dblclick()
    expect(page.locator("[role=status].lead")).to_be_visible()
    check(page, javascript=javascript)
    assert invited(database) == [("lea@exemple.ca", "trainer"), ("max@exemple.ca", "facilitator")]


def test_file_that_is_no_list_leads_back_to_its_form(visits: Visits, world: World, tmp_path: Path) -> None:
    page = visits("coordinator", width=NARROW, javascript=False)
    for name, content in (("photo.csv", b"\x89PNG\r\n\x1a\n\x00"), ("longue.csv", many(20_000))):
        file = tmp_path / name
        file.write_bytes(content)
        page.goto(f"/cohortes/{world.cohort}/personnes/ajout")
        page.locator("[name=file]").set_input_files(file)
        page.locator("main form button").click()
        expect(page.locator("#problems")).to_be_visible()
        assert overflow(page) == []
        page.locator("main .actions a").click()
        expect(page).to_have_url(re.compile(r"/personnes/ajout$"))
