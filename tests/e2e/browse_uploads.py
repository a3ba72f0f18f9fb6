"""A large file on a line that is cut: sent in parts, it goes on by itself, and after the page was loaded again."""

import os

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from app.platform.database.transaction import Database
from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, WIDE, Visits, overflow
from tests.factories.learning import PDF
from tests.factories.network import World

CONTENT = PDF + os.urandom(1_300_000)
FILE: FilePayload = {"name": "Ma carte.pdf", "mimeType": "application/pdf", "buffer": CONTENT}
PARTS = "**/api/v1/uploads/*"


def kept(database: Database) -> list[tuple[str, int]]:
    """Return the name and size of each file handed in."""
    with database.engine.connect() as owner:
        rows = owner.exec_driver_sql("select file_name, file_size from hand_in where file_name is not null").all()
    return [(name, size) for name, size in rows]


def parts(database: Database) -> list[int]:
    """Return the offsets of the parts received."""
    with database.engine.connect() as owner:
        return [n for (n,) in owner.exec_driver_sql("select position from upload_part order by position").all()]


def open_form(page: Page, world: World) -> None:
    page.goto(f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C")
    page.locator("input[type=file]").set_input_files(FILE)


def send(page: Page) -> None:
    page.locator("form[data-uploads] button").click()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_file_goes_on_by_itself_after_its_line_was_cut(
    visits: Visits, world: World, database: Database, width: int
) -> None:
    page = visits("maude", width=width)
    cut: list[str] = []

    def cut_once(route: Route) -> None:
        if cut or route.request.headers.get("upload-offset") != "500000":
            route.continue_()
        else:
            cut.append(route.request.url)
            route.abort("connectionreset")

    page.route(PARTS, cut_once)
    open_form(page, world)
    send(page)
    waiting = page.locator("[role=status] [data-when=waiting]")
    expect(waiting).to_be_visible()
    expect(page.locator("progress")).to_have_attribute("value", "38")
    assert overflow(page) == []
    assert violations(page) == []
    expect(page.get_by_role("link", name="Ma carte.pdf")).to_be_visible()
    assert (len(cut), kept(database), parts(database)) == (1, [("Ma carte.pdf", len(CONTENT))], [0, 500000, 1000000])


def test_file_goes_on_after_the_page_was_loaded_again(visits: Visits, world: World, database: Database) -> None:
    page = visits("maude")
    page.route(
        PARTS, lambda route: route.abort() if route.request.headers["upload-offset"] != "0" else route.continue_()
    )
    open_form(page, world)
    send(page)
    expect(page.locator("[role=status] [data-when=waiting]")).to_be_visible()
    page.unroute(PARTS)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.headers["upload-offset"]) if r.method == "PATCH" else None)
    open_form(page, world)
    send(page)
    expect(page.get_by_role("link", name="Ma carte.pdf")).to_be_visible()
    assert (sent, kept(database)) == (["500000", "1000000"], [("Ma carte.pdf", len(CONTENT))])


def test_file_is_sent_whole_without_scripts(visits: Visits, world: World, database: Database) -> None:
    page = visits("maude", width=NARROW, javascript=False)
    open_form(page, world)
    send(page)
    expect(page.get_by_role("link", name="Ma carte.pdf")).to_be_visible()
    assert (kept(database), parts(database)) == ([("Ma carte.pdf", len(CONTENT))], [])


def test_file_that_is_refused_is_refused_by_its_form(visits: Visits, world: World, database: Database) -> None:
    page = visits("maude")
    visits.expected |= {422}
    page.goto(f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C")
    page.locator("input[type=file]").set_input_files({**FILE, "name": "Ma carte.docx"})
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Le contenu de ce fichier")
    assert kept(database) == []
