"""The list of enterprises: hundreds of rows, a page at a time."""

import pytest

from app.accompaniment.enterprises import service
from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import EnterprisesQuery
from app.platform.database.transaction import Database
from app.platform.paging import Page
from app.platform.security.permissions import P
from tests.factories.accompaniment import add_enterprise, new_enterprise
from tests.factories.many import many_enterprises
from tests.factories.network import World, acting
from tests.factories.statements import recorded_statements


def listed(database: Database, world: World, who: str = "coordinator", **state: object) -> Page[str]:
    with database.transaction() as db:
        actor = acting(db, world, who, P.ENTERPRISE_READ)
        return service.list_enterprises(db, actor, EnterprisesQuery.model_validate(state)).map(lambda e: e.name)


def test_enterprises_are_searched_filtered_and_sorted_over_all_pages(database: Database, world: World) -> None:
    scierie = add_enterprise(database, world, new_enterprise())
    many_enterprises(database, world, scierie.id, 300)
    assert (listed(database, world).total, listed(database, world).pages) == (301, 13)
    assert listed(database, world, tri="-nom").items[0] == "Scierie du Lac"
    assert listed(database, world, page=13).items[-1] == "Scierie du Lac"
    assert listed(database, world, recherche="ATELIER 270").items == ("Atelier 270",)
    assert listed(database, world, recherche="11").items == ("Scierie du Lac",)  # the beginning of its NEQ
    assert listed(database, world, taille=EnterpriseSize.LARGE).total == 0
    assert listed(database, world, region="02").total == 301
    assert listed(database, world, who="other_coordinator").total == 0


@pytest.mark.parametrize(("size", "pages"), [(20, 1), (70, 3)])
def test_page_of_enterprises_takes_two_statements_however_many_pages(
    database: Database, world: World, size: int, pages: int
) -> None:
    many_enterprises(database, world, add_enterprise(database, world, new_enterprise()).id, size)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENTERPRISE_READ)
        with recorded_statements(database) as statements:
            page = service.list_enterprises(db, actor, EnterprisesQuery())
    assert (page.pages, len(statements)) == (pages, 2)
