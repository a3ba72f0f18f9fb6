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
MOST_ROWS = 4_000
"""The most rows that a request reads from one table: a list counts to a thousand, and looks a few things up."""

READERS = ("coordinator", "registrar", "admin", "observer", "trainer", "facilitator", "participant", "anonymous")
"""Whom each route is read as: the first two of these who may, those who see most first."""

WHOLE = {
    "GET /api/openapi.json": "one document, which does not grow",
    "GET /api/v1/colleges/{college_id}/progress-report.csv": "a whole college in one file is what it is for",
    "GET /api/v1/colleges/{college_id}/progress-report.xlsx": "a whole college in one file is what it is for",
}
"""Routes that give everything by their purpose, each with its reason."""

SEARCHES = {
    "GET /api/v1/accounts": {"search": "tremblay"},
    "GET /api/v1/colleges/{college_id}/certificates": {"search": "tremblay"},
    "GET /api/v1/colleges/{college_id}/people": {"search": "tremblay maud"},
    "GET /api/v1/enterprises": {"search": "11"},
    "GET /api/v1/search": {"search": "tremblay"},
    "GET /colleges/{college_id}/attestations": {"recherche": "tremblay"},
    "GET /colleges/{college_id}/attestations/registre": {"recherche": "tremblay"},
    "GET /colleges/{college_id}/roles": {"recherche": "tremblay"},
    "GET /comptes": {"recherche": "tremblay"},
    "GET /entreprises": {"recherche": "11"},
    "GET /heures": {"recherche": "tremblay"},
    "GET /mandats": {"recherche": "11"},
    "GET /rapports/colleges/{college_id}": {"recherche": "tremblay"},
    "GET /recherche": {"recherche": "tremblay"},
    "GET /recherche/personnes": {"recherche": "tremblay"},
}
"""What is searched for, by route: people of one name, and enterprises whose name has a number."""


@pytest.fixture
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


def readers() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield ``(route, actor, query)`` of every route that reads."""
    for row, cells in MATRIX.items():
        if row.startswith("GET ") and "#" not in row and row not in WHOLE:
            allowed = [actor for actor in READERS if cells[actor].split("/")[0] == "200"]
            yield from ((row, actor, {}) for actor in allowed[:2])
            if row in SEARCHES:
                yield row, allowed[0], SEARCHES[row]


def check_that_no_answer_grows(large: Database, records: Template, site: FastAPI) -> None:
    """Read every route."""
    settings = Settings(data_dir=records.files, base_url=SITE, security_contact="mailto:securite@example.com")
    site.state = State({**site.state._state, "settings": settings, "database": large})
    faults: dict[str, str] = {}
    with TestClient(site, follow_redirects=False) as client:
        for row, actor, query in readers():
            secret = records.tokens.get(actor)
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            with rows_read(large.request_engine) as read:
                request = request_of(row, records.places["alma"])
                answer = client.request(**{**request, **({"params": query} if query else {})}, headers=headers)
            assert answer.status_code == 200, (row, actor, answer.text[:300])
            size, much = len(answer.content), {table: count for table, count in read.items() if count > MOST_ROWS}
            if size > LARGEST or much:
                faults.setdefault(row, f"as {actor}, {query}: {size} bytes; reads {much or 'little'}")
    assert not faults, "\n".join(["", *(f"{row} {fault}" for row, fault in faults.items())])


def check_that_a_list_is_compared_with_few(large: Database, records: Template, site: FastAPI) -> None:
    """Bring in a list of 100, half of them by the names of people of the college."""
    settings = Settings(data_dir=records.files, base_url=SITE, security_contact="mailto:securite@example.com")
    site.state = State({**site.state._state, "settings": settings, "database": large})
    place = records.places["alma"]
    named = text(
        "select distinct p.legal_first_name as first, p.legal_last_name as last from person p"
        " join enrolment e on e.person_id = p.id where e.college_id = :college order by 1, 2 limit 50"
    )
    with large.engine.connect() as owner:
        names = [(n.first or "", n.last) for n in owner.execute(named, {"college": place.ids["college"]})]
    rows = [*names, *(("Prénom", f"Nom{n}") for n in range(50))]
    listed = "\n".join(("courriel;prenom;nom", *(f"p{n}@exemple.ca;{one};{two}" for n, (one, two) in enumerate(rows))))
    with TestClient(site, follow_redirects=False) as client, rows_read(large.request_engine) as read:
        headers = {"Authorization": f"Bearer {records.tokens['coordinator']}"}
        url = f"/cohortes/{place.ids['cohort']}/personnes/ajout"
        answer = client.post(url, data={"people": listed}, headers=headers)
    assert answer.status_code == 200
    assert len(answer.content) < LARGEST
    compared = ("person", "person_word", "role_held", "enrolment", "invitation")
    assert {table: read[table] for table in compared if read[table] > MOST_ROWS} == {}


MOST_FOUND = {
    "coordinator": {"person": 600, "role_held": 600, "enrolment": 600, "enterprise": 600, "certificate": 50},
    "admin": {"person": 600, "role_held": 600, "enrolment": 50},
    "trainer": {"person": 600, "role_held": 600, "enrolment": 1_500},
    "participant": {"person": 50, "role_held": 50, "enrolment": 1_500, "enterprise": 50, "certificate": 50},
}
"""The most rows of each table that a search reads: of those whom a name may be, or of a trainer's cohorts."""
CATALOGUE = {"cohort", "college"}
"""Tables that a search for words of a title reads, as the list of cohorts does: a network has few."""


def check_that_a_search_scans_no_table(large: Database, records: Template, site: FastAPI, actor: str) -> None:
    """Search for people, for a cohort, and for a certificate by its number."""
    settings = Settings(data_dir=records.files, base_url=SITE, security_contact="mailto:securite@example.com")
    site.state = State({**site.state._state, "settings": settings, "database": large})
    headers = {"Authorization": f"Bearer {records.tokens[actor]}"}
    with TestClient(site) as client:
        for typed in ("tremblay maud", "gen alm", "ALM-2026-0001"):
            with rows_read(large.request_engine) as read:
                answer = client.get("/api/v1/search", params={"search": typed}, headers=headers)
            assert answer.status_code == 200
            counted = {t: n for t, n in read.items() if t not in CATALOGUE and not t.endswith("_word")}
            much = {table: n for table, n in counted.items() if n > MOST_FOUND[actor].get(table, 50)}
            assert not much, typed


@pytest.mark.timeout(600)
def test_on_ten_thousand_enrolments_each_request_reads_and_weighs_little(
    large: Database, records: Template, site: FastAPI, subtests: pytest.Subtests
) -> None:
    """Building the network takes half a minute, on whichever worker: one test makes it once a run."""
    with subtests.test("no answer grows with the network"):
        check_that_no_answer_grows(large, records, site)
    with subtests.test("a list of people is compared with those it may be about alone"):
        check_that_a_list_is_compared_with_few(large, records, site)
    for actor in MOST_FOUND:
        with subtests.test("a search scans no table of people or facts", actor=actor):
            check_that_a_search_scans_no_table(large, records, site, actor)
