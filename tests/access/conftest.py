"""Fixtures of the access tests: the database with every record, created once per test worker."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.access.access_db import AccessDatabase, Template, prepared
from tests.factories.network import World


@pytest.fixture(scope="session")
def records(server: str, template: tuple[str, World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Yield the template with every record in every place."""
    with prepared(server, template, tmp_path_factory.mktemp("files")) as records_template:
        yield records_template


@pytest.fixture(scope="session")
def _shared_access_db(records: Template, site: FastAPI) -> Iterator[AccessDatabase]:
    found = AccessDatabase(records, site)
    found.attach()
    with found.client:
        yield found
    found.drop()


@pytest.fixture
def access_db(_shared_access_db: AccessDatabase, monkeypatch: pytest.MonkeyPatch) -> AccessDatabase:
    """Return the database under the application, in the template's state.

    A provider that does not answer is given up at once: many actors ask it one after the other.
    """
    monkeypatch.setattr("app.platform.outgoing.client.TIMEOUT_SECONDS", 0.1)
    _shared_access_db.attach()
    _shared_access_db.reset()
    return _shared_access_db
