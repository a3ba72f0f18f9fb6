"""Every page, for everyone who reads it, on a computer and at 320 px: axe finds nothing, it fits, no script fails."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.access.access_db import Template
from tests.access.filling import request_of
from tests.database_copy import DatabaseCopy
from tests.e2e.axe import violations
from tests.e2e.live_site import LiveSite
from tests.e2e.page_list import readers, rows
from tests.e2e.visits import NARROW, WIDE, Visits, overflow

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Readers:
    """One open page for each actor, on the database of every record; it stays as it is, but for what is logged."""

    def __init__(self, visits: Visits, records: Template, copy: DatabaseCopy) -> None:
        self.visits, self.records, self._copy = visits, records, copy
        self._pages: dict[str, Page] = {}

    def page(self, row: str, actor: str, place: str) -> "Page":
        """Return a row's page as its reader sees it on a computer."""
        self._copy.connection.execute("delete from attempt")
        if actor not in self._pages:
            self._pages[actor] = self.visits(actor if actor in self.records.tokens else None)
        page = self._pages[actor]
        resize(page, WIDE)
        request = request_of(row, self.records.places[place])
        query = "&".join(f"{name}={value}" for name, value in request.get("params", {}).items())
        page.goto(f"{request['url']}?{query}".rstrip("?"))
        return page


@pytest.fixture(scope="module")
def every_reader(
    browser: "Browser", shared_site: LiveSite, records: Template, records_copy: DatabaseCopy
) -> Iterator[Readers]:
    """Everyone who reads pages."""
    shared_site.attach(records_copy.open(audit=False), records.files)
    opened = Visits(browser, shared_site, records.tokens.__getitem__, traced=False)
    yield Readers(opened, records, records_copy)
    opened.close()


@pytest.mark.parametrize("row", rows("GET"))
def test_page_is_accessible_and_fits(every_reader: Readers, row: str) -> None:
    """Of readers who are shown the same, one is enough: their menus are looked at on other pages."""
    found, seen = [], set()
    for actor, place in readers(row):
        page = every_reader.page(row, actor, place)
        content = page.locator("main").inner_html()
        found += [f"{row} as {actor}, {fault}" for fault in (faults(page) if content not in seen else ())]
        seen.add(content)
    assert seen, f"nobody is shown {row}"
    found += every_reader.visits.faults
    every_reader.visits.faults.clear()
    assert not found, "\n".join(found)


def faults(page: "Page") -> Iterator[str]:
    """Yield what is wrong with a page at each width."""
    for width in (WIDE, NARROW):
        resize(page, width)
        yield from (f"{width} px, axe: {line}" for line in violations(page))
        yield from (f"{width} px, too wide: {line}" for line in overflow(page))


def resize(page: "Page", width: int) -> None:
    """Give a page a width."""
    page.set_viewport_size({"width": width, "height": 900})
