"""Lists and tables of pages: what the template ``lists.html`` needs to show rows, and the addresses of its links."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.platform.paging import COUNTED, PLACE, STATE, ListQuery, Page

LAST = ("apres", "page", "tri")
"""What stands last in an address, after what chooses the rows."""

NEIGHBOURS = 1
"""How many pages are offered on each side of the current one, beside the first and the last."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its ``key`` for the page's template, its heading, and the key it sorts by, if any.

    The column ``is_heading`` names its row. A heading that ``is_hidden`` is for screen readers: a column of buttons.
    """

    key: str
    label: str
    sort: str = ""
    is_number: bool = False
    is_heading: bool = False
    is_hidden: bool = False
    descends_first: bool = False


def column(
    key: str,
    label: str,
    *,
    sort: str = "",
    num: bool = False,
    row: bool = False,
    hidden: bool = False,
    desc: bool = False,
) -> Column:
    """Return a column; ``row`` marks the one that names the row, ``desc`` one that sorts the largest first."""
    return Column(key, label, sort, is_number=num, is_heading=row, is_hidden=hidden, descends_first=desc)


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter of a list: its name in the address, and its ``(value, text)``; ``all`` is the text of no choice."""

    name: str
    label: str
    options: tuple[tuple[object, str], ...]
    all: str = ""


def choice(name: str, label: str, options: Iterable[tuple[object, str]], all: str = "") -> Choice:  # noqa: A002
    """Return a filter; without ``all`` one of its values is always chosen."""
    return Choice(name, label, tuple(options), all)


@dataclass(frozen=True, slots=True)
class ListView:
    """A page of a list as its template shows it; ``path`` is the address of the page without its query."""

    path: str
    query: ListQuery
    page: Page[Any]

    @property
    def is_filtered(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return self.query.is_filtered

    @property
    def is_one_letter(self) -> bool:
        """Whether the search has single letters alone, by which hardly anything is found."""
        return bool(self.query.words) and all(len(word) == 1 for word in self.query.words)

    def chosen(self, name: str) -> str:
        """Return the value of a filter as the address writes it, its default included; empty when none is chosen."""
        value = self.query.model_dump(mode="json")[name]
        return "" if value is None else str(value)

    def unseen(self, filters: Iterable[Choice]) -> tuple[tuple[str, str], ...]:
        """Return the filters of the address that the form does not show, to be sent along with it."""
        shown = STATE | {f.name for f in filters}
        return tuple((name, value) for name, value in self.query.state.items() if name not in shown)

    def address(self, **changes: object) -> str:
        """Return the address of the list as it is but for ``changes``; page 1 unless they name another.

        What changes the rows or their order begins at the first row again.
        """
        state = {**self.query.state, "page": 1, **({"apres": None} if changes.keys() - PLACE else {}), **changes}
        defaults = type(self.query).model_fields
        kept = {k: v for k, v in state.items() if v not in ("", None) and v != defaults[k].default}
        kept = {k: kept[k] for k in sorted(kept, key=lambda k: (k in LAST, k))}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    @property
    def total(self) -> int:
        """How many rows the list has, counted so far."""
        return COUNTED if self.page.is_rest else self.page.total

    @property
    def whole(self) -> str:
        """The address without search and filters."""
        return ListView(self.path, self.query.without_criteria(), self.page).address()

    def sort_state(self, column: Column) -> str:
        """Return the ``aria-sort`` of a column, empty when another one sorts."""
        if self.query.sort != self.query.SORTS(column.sort):
            return ""
        return "descending" if self.query.descending else "ascending"

    def sort_address(self, column: Column) -> str:
        """Return the address that sorts by a column, or the other way round when it sorts already."""
        descends = not self.query.descending if self.sort_state(column) else column.descends_first
        return self.address(tri=f"-{column.sort}" if descends else column.sort)

    @property
    def page_numbers(self) -> tuple[int | None, ...]:
        """The pages to offer: the first, those around the current one, the last; ``None`` where some are left out."""
        last, here = self.page.pages, self.page.number
        near = {n for n in range(here - NEIGHBOURS, here + NEIGHBOURS + 1) if 1 <= n <= last}
        offered: list[int | None] = []
        for number in sorted({1, last} | near):
            gap = number - (offered[-1] or 0) if offered else 1
            if gap > 1:
                offered.append(number - 1 if gap == 2 else None)  # noqa: PLR2004 - a gap of one page is that page
            offered.append(number)
        return tuple(offered)
