"""Every door, tried by every actor, on a record of their own college and on one of another."""

import pytest
from fastapi import FastAPI

from tests.access.access_db import Ground, routes
from tests.access.actors import ACTORS
from tests.access.canaries import READERS
from tests.access.matrix import MATRIX, faults
from tests.access.offers import refused_offers
from tests.access.payloads import CALLS


def test_each_route_has_a_row_and_each_row_a_route(site: FastAPI) -> None:
    assert {row.split("#")[0] for row in MATRIX} == set(routes(site))


def test_each_payload_has_a_row() -> None:
    assert set(CALLS) <= set(MATRIX)


def test_each_column_is_an_actor() -> None:
    assert all(set(cells) == set(ACTORS) for cells in MATRIX.values())


def test_each_canary_was_planted(ground: Ground) -> None:
    with ground.database.engine.connect() as connection:
        tables = connection.exec_driver_sql("select tablename from pg_tables where schemaname = 'public'").scalars()
        said = " ".join(
            str(row)
            for table in list(tables)
            for row in connection.exec_driver_sql(f"select t from {table} t")  # noqa: S608
        )
    files = b"".join(p.read_bytes() for p in ground.template.files.rglob("*") if p.is_file()).decode("latin-1")
    assert [word for word in READERS if word not in said + files] == []


@pytest.mark.parametrize("row", MATRIX)
def test_row(ground: Ground, row: str) -> None:
    assert list(faults(ground, row)) == []


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
def test_what_a_page_offers_is_held_to_the_matrix(ground: Ground, page: str, offered: list[str]) -> None:
    ids = {name: place.ids["cohort"] for name, place in ground.places.items()}
    found = refused_offers(page.format(**ids), "coordinator", ground.places, MATRIX)
    assert list(found) == [line.format(**ids) for line in offered]
