"""The list of cohorts: sorted, searched and cut into pages by the database."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from app.cohorts import service
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort
from app.cohorts.schemas import CohortsQuery
from app.platform.clock import at
from app.platform.database.transaction import Database
from app.platform.paging import Page
from app.platform.security.permissions import P
from tests.factories.cohorts import page as text_of
from tests.factories.many import many_cohorts
from tests.factories.network import World, acting, as_
from tests.factories.statements import recorded_statements


def listed(database: Database, world: World, **state: object) -> Page[str]:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_READ)
        return service.list_cohorts(db, actor, CohortsQuery.model_validate(state), size=100).map(lambda c: c.title)


@pytest.mark.parametrize("order", ["titre", "-titre"])
def test_pages_hold_every_cohort_once_in_order(database: Database, world: World, order: str) -> None:
    many_cohorts(database, world, 250)
    pages = [listed(database, world, tri=order, page=number) for number in (1, 2, 3)]
    titles = [title for page in pages for title in page.items]
    assert [(page.total, page.pages, len(page.items)) for page in pages] == [(251, 3, 100), (251, 3, 100), (251, 3, 51)]
    ascending = ["Généraliste GEN-ALM-1", *(f"Série {rank:03}" for rank in range(1, 251))]
    assert titles == (ascending if order == "titre" else ascending[::-1])
    assert listed(database, world, tri=order, page=9).items == pages[2].items


@pytest.mark.parametrize("order", ["titre", "-titre", "debut", "-fin"])
def test_list_longer_than_is_counted_goes_on_after_its_last_numbered_row(
    database: Database, world: World, order: str
) -> None:
    many_cohorts(database, world, 1_100)
    first, last = listed(database, world, tri=order), listed(database, world, tri=order, page=99)
    assert [(page.total, page.number, page.is_more, page.next_key is None) for page in (first, last)] == [
        (1_000, 1, True, True),
        (1_000, 10, True, False),
    ]
    rest = [listed(database, world, tri=order, apres=last.next_key, page=number) for number in (1, 2)]
    assert [(page.total, page.number, page.is_rest, page.next_key) for page in rest] == [
        (101, 1, True, None),
        (101, 2, True, None),
    ]
    numbered = [listed(database, world, tri=order, page=number).items for number in range(1, 11)]
    titles = [title for items in (*numbered, *(page.items for page in rest)) for title in items]
    assert len(titles) == len(set(titles)) == 1_101


def test_list_after_a_row_that_is_gone_begins_at_the_first(database: Database, world: World) -> None:
    assert listed(database, world, apres=987654) == listed(database, world)


def test_newest_comes_first_unless_another_order_is_chosen(database: Database, world: World) -> None:
    many_cohorts(database, world, 3)
    assert listed(database, world).items[0] == "Série 003"
    assert listed(database, world, tri="debut").items[0] == "Généraliste GEN-ALM-1"
    assert listed(database, world, tri="-titre").items[0] == "Série 003"


def test_search_looks_at_title_code_place_and_college(database: Database, world: World) -> None:
    many_cohorts(database, world, 30)
    assert listed(database, world, recherche="SÉRIE 012").items == ("Série 012",)
    assert listed(database, world, recherche="s 012").items == ("Série 012",)
    assert listed(database, world, recherche="alma généraliste gen").total == 1
    assert listed(database, world, recherche="100%_").total == 0


def test_filter_by_state_shows_that_state_alone(database: Database, world: World) -> None:
    assert [listed(database, world, etat=state).total for state in CohortState] == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(("size", "pages"), [(60, 1), (250, 3)])
def test_page_takes_two_statements_however_many_pages(database: Database, world: World, size: int, pages: int) -> None:
    many_cohorts(database, world, size)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_READ)
        with recorded_statements(database) as statements:
            page = service.list_cohorts(db, actor, CohortsQuery(), size=100)
    assert (page.pages, len(statements)) == (pages, 2)


def test_label_of_a_cohort_follows_its_own_clock(client: TestClient, database: Database, world: World) -> None:
    """Half past midnight in the Îles, still the evening before in Quebec: the cohort that ended there is to close."""
    with database.as_owner() as db:
        cohort = db.get_one(Cohort, world.cohort)
        cohort.timezone = "America/Halifax"
        midnight = datetime.combine(cohort.ends_on + timedelta(days=1), time(0), ZoneInfo("America/Halifax"))
        db.add(cohort)
    for minutes, due in ((-30, None), (30, CohortState.CLOSED)):
        with at(midnight.astimezone(UTC) + timedelta(minutes=minutes)):
            as_(client, database, world, "coordinator")
            html = text_of(client.get("/cohortes"))
            assert ("La date de fin est passée" in html) is (due is not None)
            with database.transaction() as db:
                actor = acting(db, world, "coordinator", P.COHORT_READ)
                assert [c.move_due for c in service.list_cohorts(db, actor, CohortsQuery()).items] == [due]
