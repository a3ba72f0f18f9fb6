"""What the reader of a list asks for, and the page of it that a service returns: values, without web or database.

Everything a list shows stands in its address: ``?recherche=roy&etat=active&tri=-heures&page=2``. The names there are
French, as every address that people see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, cast

from pydantic import Field, StringConstraints, field_validator, model_validator

from app.platform.schema import Command, SearchText
from app.platform.search import search_key, search_words

T = TypeVar("T")
S = TypeVar("S")

PAGE_SIZE = 25
COUNTED = 1_000
"""How far rows are counted and pages numbered; a longer list says so, and goes on after its last row."""

MAX_PAGE = 100_000
"""A page beyond this number is a mistake in an address; a page beyond the last one shows the last one."""

LARGEST_ID = 2**31 - 1
"""The largest id of a row of a table that lists page through; a larger one names nothing."""

After = Annotated[int | None, Field(ge=1, le=LARGEST_ID)]
"""The ``next`` of the page before, in a list of the API."""

Limit = Annotated[int, Field(ge=1, le=200)]
"""The most items of a page of the API."""

PAGE = 50
"""How many items a page of the API has unless a request says so."""

FORM_KEY = "cle"
"""What the address of a page with forms has beside its list: their one-time key."""

PLACE = frozenset({"page", "apres"})
"""The fields of a query that say where in the list one is."""

STATE = PLACE | {"recherche", "tri"}
"""The fields of a query that are not filters."""


class ListQuery(Command):
    """What the reader of a list asks for. A list subclasses it with its sort keys, its default order and its filters.

    ``page`` is counted from the row after the one of id ``apres``, else from the first row.
    ``tri`` is one of ``SORTS``, after ``-`` when descending. Browsers send a filter that nobody chose as an empty
    text, which is as good as absent.
    """

    SORTS: ClassVar[type[StrEnum]]
    NO_FILTERS: ClassVar[frozenset[str]] = frozenset()
    """Fields that fill in a form of the page, and choose no rows."""

    recherche: SearchText = ""
    tri: Annotated[str, StringConstraints(max_length=40)] = ""
    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1
    apres: After = None

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, values: Any) -> Any:  # noqa: ANN401 - whatever the address holds
        if isinstance(values, Mapping):
            return {n: value for n, value in values.items() if value not in ("", [], None) and n != FORM_KEY}
        return values

    @field_validator("tri")
    @classmethod
    def _known_sort(cls, value: str) -> str:
        cls.SORTS(value.removeprefix("-"))  # ValueError for any other
        return value

    @property
    def sort(self) -> StrEnum:
        """The key to sort by."""
        return self.SORTS(self.tri.removeprefix("-"))

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.tri.startswith("-")

    @property
    def words(self) -> list[str]:
        """The words of the search, as they stand in search keys."""
        return search_words(self.recherche)

    @property
    def state(self) -> dict[str, str]:
        """The fields that differ from their defaults, as texts: what the address has to say."""
        dumped = self.model_dump(mode="json", exclude_defaults=True)
        return {name: str(value) for name, value in dumped.items()}

    @property
    def is_filtered(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.state.keys() - {"tri"} - PLACE - self.NO_FILTERS)

    def without_criteria(self) -> Self:
        """Return the query of the whole list, sorted as it is."""
        return type(self).model_validate({"tri": self.tri})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``number`` counts from 1, ``total`` is the number of rows of all its pages.

    The list has more rows than that where it ``is_more``. A page that ``is_rest`` counts from a row within it.
    ``next_key`` is the id of the row that the page after the last numbered one begins after.
    """

    items: tuple[T, ...]
    total: int
    number: int = 1
    size: int = PAGE_SIZE
    is_more: bool = False
    is_rest: bool = False
    next_key: int | None = None

    @property
    def pages(self) -> int:
        """The number of pages; an empty list has one."""
        return last_page(self.total, self.size)

    @property
    def first(self) -> int:
        """The rank of the page's first row in the list, from 1."""
        return (self.number - 1) * self.size + 1

    def map(self, change: Callable[[T], S]) -> "Page[S]":
        """Return the same page with each item changed."""
        return cast("Page[S]", replace(cast("Page[Any]", self), items=tuple(change(item) for item in self.items)))


def last_page(total: int, size: int) -> int:
    """Return the number of the last page."""
    return max(1, -(-total // size))


def page_of(
    items: Sequence[T],
    query: ListQuery,
    *,
    orders: Mapping[Any, Callable[[T], Any]] | None = None,
    text: Callable[[T], str] | None = None,
    size: int = PAGE_SIZE,
) -> Page[T]:
    """Return a page of a list that is short by its nature, as the people of one cohort; others page in SQL.

    ``text`` is what the search looks into. ``orders`` says the value of each sort key, absent ones last both ways; rows
    that are equal keep the order they come in.
    """
    if text is not None:
        items = [item for item in items if all(word in search_key(text(item)) for word in query.words)]
    if orders is not None:
        value = orders[query.sort]
        present = [item for item in items if value(item) is not None]
        absent = [item for item in items if value(item) is None]
        items = [*sorted(present, key=value, reverse=query.descending), *absent]
    number = min(query.page, last_page(len(items), size))
    return Page(tuple(items[(number - 1) * size : number * size]), len(items), number, size)
