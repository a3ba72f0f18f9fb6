"""What every list does with its address: defaults, sorting, pages, links."""

from enum import StrEnum
from typing import ClassVar

import pytest
from pydantic import ValidationError

from app.platform.paging import ListQuery, Page, page_of
from app.platform.web.lists import ListView, choice, column
from app.platform.web.pages import TEMPLATES


class Sort(StrEnum):
    """What the example is sorted by."""

    NAME = "nom"
    DAY = "jour"


class Query(ListQuery):
    """The query of an example."""

    SORTS: ClassVar = Sort
    tri: str = "nom"
    etat: str | None = None


NAME = column("name", "Nom", sort="nom")
DAY = column("day", "Jour", sort="jour", desc=True)


def view(total: int = 60, size: int = 25, **state: object) -> ListView:
    query = Query.model_validate(state)
    return ListView("/exemple", query, Page(tuple(range(size)), total, query.page, size))


@pytest.mark.parametrize(
    ("state", "sort", "descending"),
    [({}, Sort.NAME, False), ({"tri": "-nom"}, Sort.NAME, True), ({"tri": "jour"}, Sort.DAY, False)],
)
def test_sort_is_a_declared_key_with_its_direction(state: dict[str, str], sort: Sort, *, descending: bool) -> None:
    query = Query.model_validate(state)
    assert (query.sort, query.descending) == (sort, descending)


@pytest.mark.parametrize(
    "state",
    [
        {"tri": "prix"}, {"tri": "--nom"}, {"tri": "nom desc"}, {"page": "0"}, {"page": "-1"}, {"page": "un"},
        {"recherche": "x" * 101}, {"inconnu": "1"},
    ],
)  # fmt: skip
def test_query_that_no_link_of_the_page_makes_is_refused(state: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Query.model_validate(state)


def test_filters_that_nobody_chose_are_as_good_as_absent() -> None:
    assert Query.model_validate({"recherche": "", "tri": "", "etat": "", "page": ""}) == Query()


def test_address_says_only_what_differs_from_the_default() -> None:
    assert view().address() == "/exemple"
    assert view(recherche="é&a", etat="actif").address() == "/exemple?etat=actif&recherche=%C3%A9%26a"


def test_address_of_another_order_or_filter_goes_back_to_the_first_page() -> None:
    second = view(page=2, etat="actif")
    assert second.address(page=3) == "/exemple?etat=actif&page=3"
    assert second.sort_address(DAY) == "/exemple?etat=actif&tri=-jour"
    assert second.whole == "/exemple"


def test_address_of_another_page_keeps_the_row_that_it_counts_from_and_another_order_does_not() -> None:
    rest = view(apres=7, etat="actif")
    assert rest.address(page=2) == "/exemple?etat=actif&apres=7&page=2"
    assert rest.sort_address(DAY) == "/exemple?etat=actif&tri=-jour"
    assert rest.unseen([choice("etat", "État", [])]) == ()
    assert not Query(apres=7).is_filtered


def test_sorted_column_says_so_and_its_link_turns_the_order_round() -> None:
    assert (view().sort_state(NAME), view().sort_state(DAY)) == ("ascending", "")
    assert view().sort_address(NAME) == "/exemple?tri=-nom"
    descending = view(tri="-nom")
    assert descending.sort_state(NAME) == "descending"
    assert descending.sort_address(NAME) == "/exemple"


def test_column_sorted_by_an_undeclared_key_fails() -> None:
    with pytest.raises(ValueError, match="prix"):
        view().sort_state(column("price", "Prix", sort="prix"))


@pytest.mark.parametrize(
    ("total", "page", "offered"),
    [
        (0, 1, (1,)),
        (25, 1, (1,)),
        (26, 1, (1, 2)),
        (75, 2, (1, 2, 3)),
        (250, 1, (1, 2, None, 10)),
        (250, 4, (1, 2, 3, 4, 5, None, 10)),
        (250, 5, (1, None, 4, 5, 6, None, 10)),
        (250, 10, (1, None, 9, 10)),
    ],
)
def test_page_links_keep_the_first_the_last_and_the_neighbours(
    total: int, page: int, offered: tuple[int | None, ...]
) -> None:
    assert view(total, page=page).page_numbers == offered


def test_short_list_is_cut_into_pages_and_a_page_beyond_the_end_is_the_last() -> None:
    assert page_of(range(60), Query(page=2)) == Page(tuple(range(25, 50)), 60, 2)
    assert page_of(range(60), Query(page=9)) == Page(tuple(range(50, 60)), 60, 3)
    assert page_of([], Query(page=9)) == Page((), 0)


def test_form_sends_along_the_filters_that_it_does_not_show() -> None:
    assert view(etat="actif").unseen([]) == (("etat", "actif"),)
    assert view(etat="actif").unseen([choice("etat", "État", [])]) == ()


def test_search_alone_and_filters_leave_rows_out_while_order_and_page_do_not() -> None:
    assert not Query(page=2, tri="-nom").is_filtered
    assert Query(recherche="roy").is_filtered
    assert Query(etat="actif").is_filtered


# The whole of the pages -------------------------------------------------------------------------


def test_no_template_writes_a_table_of_its_own() -> None:
    """A table outside the component has no cards, no heading to sort by, no scroll region, and soon no caption."""
    bare = [
        str(path.relative_to(TEMPLATES))
        for path in sorted(TEMPLATES.rglob("*.html"))
        if "<table" in path.read_text(encoding="utf-8") and path.name != "lists.html"
    ]
    assert bare == []
