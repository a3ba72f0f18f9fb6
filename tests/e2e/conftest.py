"""Fixtures of the browser tests. Only ``make e2e`` runs them: see docs/testing.md, "In a browser"."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.access.access_db import Template, prepared
from tests.database_copy import DatabaseCopy
from tests.e2e.chromium import find
from tests.e2e.live_site import LiveSite
from tests.e2e.visits import ARGUMENTS, Visits, file_name
from tests.factories.network import World, token

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEPT = ROOT / "build" / "e2e"
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures whether their test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A Chromium, once a worker."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - installed apart, in .venv-e2e

    if not (program := find()):
        raise RuntimeError("no Chromium: run `make e2e`")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def shared_site() -> Iterator[LiveSite]:
    """The application at an address of this machine, once a worker."""
    found = LiveSite()
    yield found
    found.stop()


@pytest.fixture
def live_site(shared_site: LiveSite, database: Database, tmp_path: Path) -> LiveSite:
    """The application over the test's own database."""
    shared_site.attach(database, tmp_path)
    return shared_site


@pytest.fixture
def visits(
    request: pytest.FixtureRequest, browser: "Browser", live_site: LiveSite, database: Database, world: World
) -> Iterator[Visits]:
    """Opens pages on the small network: ``visits("trainer", width=NARROW, javascript=False)``.

    The test fails if a script fails, something is asked of another host, or an answer has a status from 400 on that
    is not in ``visits.expected``. The trace of a test that failed is kept in ``build/e2e``.
    """
    opened = Visits(browser, live_site, lambda who: token(database, world, who))
    yield opened
    failed = request.node.stash.get(FAILED, False) or opened.faults
    opened.close(KEPT / file_name(request.node.nodeid) if failed else None)
    assert opened.faults == []


@pytest.fixture(scope="session")
def records(server: str, template: tuple[str, World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """The template with every record in every place, as the access tests have it."""
    with prepared(server, template, tmp_path_factory.mktemp("files")) as found:
        yield found


@pytest.fixture(scope="session")
def records_copy(records: Template) -> Iterator[DatabaseCopy]:
    """The database of every record, one a worker, for the tests that only read."""
    copy = DatabaseCopy(records.server, records.name, "read")
    yield copy
    copy.close()
