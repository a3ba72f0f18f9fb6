"""Every route, called by every actor, on a record of their own college and on one of another."""

import pytest
from fastapi import FastAPI

from tests.access.access_db import AccessDatabase, routes
from tests.access.actors import ACTORS, canary
from tests.access.canaries import READERS
from tests.access.matrix import MATRIX, row_faults
from tests.access.offers import refused_offers
from tests.access.payloads import CALLS


def test_each_route_has_a_row_and_each_row_a_route(site: FastAPI) -> None:
    assert {row.split("#")[0] for row in MATRIX} == set(routes(site))


def test_each_payload_has_a_row() -> None:
    assert set(CALLS) <= set(MATRIX)


def test_each_column_is_an_actor() -> None:
    assert all(set(cells) == set(ACTORS) for cells in MATRIX.values())


ENCRYPTED = ("Fiche", "Suite", "Journal")
"""Canaries that the database holds encrypted, and nowhere in clear."""


def test_each_canary_is_stored(access_db: AccessDatabase) -> None:
    with access_db.database.engine.connect() as connection:
        tables = connection.exec_driver_sql("select tablename from pg_tables where schemaname = 'public'").scalars()
        stored = " ".join(
            str(row)
            for table in list(tables)
            for row in connection.exec_driver_sql(f"select t from {table} t")  # noqa: S608
        )
    files = b"".join(p.read_bytes() for p in access_db.template.files.rglob("*") if p.is_file()).decode("latin-1")
    encrypted = {canary(what, place) for what in ENCRYPTED for place in ("alma", "far", "rouyn")}
    assert encrypted < READERS.keys()
    assert {word for word in READERS if word not in stored + files} == encrypted


@pytest.mark.parametrize("row", MATRIX)
def test_matrix_row(access_db: AccessDatabase, row: str) -> None:
    assert list(row_faults(access_db, row)) == []


@pytest.mark.parametrize(
    ("page", "offered"),
    [
        ('<a href="/comptes?search=x">', ["offers GET /comptes"]),
        ('<a href="/cohortes/{alma}"><a href="/cohortes/{rouyn}">', ["offers GET /cohortes/{rouyn}"]),
        ('<form method="post" action="/deconnexion">', []),
        ('<form method="post" action="/codev/liens"><select name="cohort_id"><option value="{alma}">', []),
        (
            '<form method="post" action="/codev/liens"><select name="cohort_id"><option value="{rouyn}">',
            ["offers POST /codev/liens"],
        ),
    ],
)
def test_links_and_forms_of_a_page_are_checked_against_the_matrix(
    access_db: AccessDatabase, page: str, offered: list[str]
) -> None:
    ids = {name: place.ids["cohort"] for name, place in access_db.places.items()}
    refused = refused_offers(page.format(**ids), "coordinator", access_db.places, MATRIX)
    assert list(refused) == [line.format(**ids) for line in offered]
