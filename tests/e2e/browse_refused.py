"""Every form sent empty: the page that says what is missing is accessible and fits, as the one it came from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.access.access_db import Template
from tests.access.filling import address
from tests.access.matrix import MATRIX, is_allowed
from tests.database_copy import DatabaseCopy
from tests.e2e.browse_pages import faults
from tests.e2e.live_site import LiveSite
from tests.e2e.page_list import NOT_READERS, rows
from tests.e2e.visits import Visits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

HTML = "text/html"


@pytest.fixture(scope="module")
def written_copy(records: Template) -> Iterator[DatabaseCopy]:
    """The database of every record, put back after each test: some forms are good when empty."""
    copy = DatabaseCopy(records.server, records.name, "written")
    yield copy
    copy.close()


@pytest.fixture
def writers(
    browser: "Browser", shared_site: LiveSite, records: Template, written_copy: DatabaseCopy
) -> Iterator[Visits]:
    """Opens pages on the database of every record, for those who send forms."""
    shared_site.attach(written_copy.open(audit=False), records.files)
    opened = Visits(browser, shared_site, records.tokens.__getitem__, traced=False)
    yield opened
    opened.close()
    written_copy.put_back()


@pytest.mark.parametrize("row", rows("POST"))
def test_refused_form_is_accessible_and_fits(writers: Visits, records: Template, row: str) -> None:
    actor = next((a for a, c in MATRIX[row].items() if a not in NOT_READERS and is_allowed(c.split("/")[0])), None)
    if actor is None:  # nobody's form succeeds with the values of the matrix: what a stranger is shown stands for it
        actor = "anonymous"
    page = writers(actor if actor in records.tokens else None)
    sent = page.context.request.post(address(row, records.places["alma"].ids), form={}, max_redirects=0)
    if not sent.headers.get("content-type", "").startswith(HTML):
        assert sent.status == 303, f"{row} as {actor}: {sent.status}"
        return
    html = sent.text()

    def show(route: "Route") -> None:
        route.fulfill(status=200, body=html, content_type="text/html; charset=utf-8")

    page.route("**/formulaire-refuse", show)
    page.goto("/formulaire-refuse")
    found = [*faults(page), *writers.faults]
    assert not found, "\n".join(found)
