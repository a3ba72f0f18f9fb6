"""Every page and every call that reads, on a network of ten thousand enrolments: what it weighs, and what it reads."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from starlette.datastructures import State

from app.platform.config import Settings
from app.platform.database.transaction import Database
from bench.network import enlarge
from tests.access.access_db import Template
from tests.access.filling import request_of
from tests.access.matrix import MATRIX
from tests.conftest import SITE
from tests.database_copy import drop_database
from tests.rows_read import rows_read
from tests.server import copy_database, opened, with_database

ENROLMENTS = 10_000
LARGEST = 250_000
"""The largest answer, in bytes."""
MOST_ROWS = 2_500
"""The most rows that a request reads from one table: a list counts to a thousand, and looks a few things up."""

READERS = ("coordinator", "registrar", "admin", "observer", "trainer", "facilitator", "participant", "anonymous")
"""Whom each route is read as: the first two of these who may, those who see most first."""

WHOLE = {
    "GET /api/openapi.json": "one document, which does not grow",
    "GET /api/v1/colleges/{college_id}/progress-report.csv": "a whole college in one file is what it is for",
    "GET /api/v1/colleges/{college_id}/progress-report.xlsx": "a whole college in one file is what it is for",
}
"""Routes that give everything by their purpose, each with its reason."""

GROWING = {
    "GET /api/v1/colleges/{college_id}/certificate-batches/preview",
    "GET /api/v1/colleges/{college_id}/certificate-candidates",
    "GET /api/v1/colleges/{college_id}/field-hours/pending",
    "GET /api/v1/colleges/{college_id}/people",
    "GET /api/v1/colleges/{college_id}/progress-report",
    "GET /api/v1/projects/{project_id}/indicators",
    "GET /attestations/lots/{batch_id}",
    "GET /codev",
    "GET /codev/groupes/{group_id}",
    "GET /cohortes/{cohort_id}",
    "GET /cohortes/{cohort_id}/candidatures",
    "GET /colleges/{college_id}/attestations",
    "GET /colleges/{college_id}/attestations/lots",
    "GET /comptes",
    "GET /heures",
    "GET /indicateurs",
    "GET /mandats",
    "GET /rapports/colleges/{college_id}",
}
"""Routes whose answers still grow with the network: they are to be bounded, and leave this list."""


@pytest.fixture(scope="module")
def large(server: str, records: Template) -> Iterator[Database]:
    """Yield the network of the access tests, grown to ten thousand enrolments."""
    name = f"{records.name}_large"
    copy_database(server, name, records.name)
    url = with_database(server, name)
    database = opened(url)
    try:
        with database.as_owner() as db:
            enlarge(db, ENROLMENTS)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
            owner.execute(text("vacuum analyze"))
        yield database
    finally:
        database.dispose()
        drop_database(server, name)


def readers() -> Iterator[tuple[str, str]]:
    """Yield ``(route, actor)`` of every route that reads."""
    for row, cells in MATRIX.items():
        if row.startswith("GET ") and "#" not in row and row not in WHOLE.keys() | GROWING:
            allowed = [actor for actor in READERS if cells[actor].split("/")[0] == "200"]
            yield from ((row, actor) for actor in allowed[:2])


@pytest.mark.timeout(600)
def test_no_answer_grows_with_the_network(large: Database, records: Template, site: FastAPI) -> None:
    """Building the network takes fifteen seconds on a quiet machine, and two hundred requests as many."""
    settings = Settings(data_dir=records.files, base_url=SITE, security_contact="mailto:securite@example.com")
    site.state = State({**site.state._state, "settings": settings, "database": large})
    faults: dict[str, str] = {}
    with TestClient(site, follow_redirects=False) as client:
        for row, actor in readers():
            secret = records.tokens.get(actor)
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            with rows_read(large.request_engine) as read:
                answer = client.request(**request_of(row, records.places["alma"]), headers=headers)
            assert answer.status_code == 200, (row, actor, answer.text[:300])
            size, much = len(answer.content), {table: count for table, count in read.items() if count > MOST_ROWS}
            if size > LARGEST or much:
                faults.setdefault(row, f"as {actor}: {size} bytes; reads {much or 'little'}")
    assert not faults, "\n".join(["", *(f"{row} {fault}" for row, fault in faults.items())])
