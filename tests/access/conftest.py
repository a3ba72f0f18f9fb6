"""The ground of the matrix, made once a worker."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.access.access_db import Ground, Template, prepared
from tests.factories.network import World


@pytest.fixture(scope="session")
def records(server: str, template: tuple[str, World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Every record in every place."""
    with prepared(server, template, tmp_path_factory.mktemp("files")) as found:
        yield found


@pytest.fixture(scope="session")
def _ground(records: Template, site: FastAPI) -> Iterator[Ground]:
    found = Ground(records, site)
    found.renew()
    with found.client:
        yield found
    found.leave()


@pytest.fixture
def ground(_ground: Ground) -> Ground:
    """The records under the application, as the template has them."""
    _ground.serve()
    _ground.settle()
    return _ground
