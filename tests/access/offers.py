"""What a page offers: no link and no form that leads whoever reads it to a refusal."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

from tests.access.actors import Place
from tests.access.filling import kinds
from tests.access.payloads import CALLS, MARK, Call

Cells = Mapping[str, Mapping[str, str]]
PLACES = ("alma", "rouyn")
"""Those of a row's two cells."""


@dataclass
class Offer:
    """A way out of a page, with the values that its form lets choose, by field."""

    method: str
    path: str
    choices: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[Offer] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element; an option is chosen under the name of its select."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.offers.append(Offer("GET", urlsplit(given.get("href", "")).path))
        elif tag == "form":
            self.offers.append(Offer(given.get("method", "get").upper(), urlsplit(given.get("action", "")).path))
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag in {"option", "input"} and self.offers:
            self.offers[-1].choices.append((given.get("name", self.select), given.get("value", "")))


def offers(page: str) -> list[Offer]:
    """All links and forms of a page, in its order."""
    reader = _Reader()
    reader.feed(page)
    return reader.offers


def refused_offers(page: str, actor: str, places: Mapping[str, Place], matrix: Cells) -> Iterator[str]:
    """What a page offers an actor and a row refuses them: to their roles, or on that college's record.

    An API token's pages are nobody's to read: their menu is its person's.
    """
    for offer in offers(page) if actor != "token" else ():
        if (row := _row(f"{offer.method} {offer.path}", tuple(matrix))) is None:
            continue
        cells = matrix[row][actor].split("/")
        if cells[0] == "403" or any(cells[PLACES.index(p)] == "404" for p in _whose(offer, row, places) if cells[1:]):
            yield f"offers {offer.method} {offer.path}"


@cache
def _row(asked: str, rows: tuple[str, ...]) -> str | None:
    """The row that an offer leads to: of several, the one that names the fewest records."""
    found = [row for row in rows if "#" not in row and re.fullmatch(_pattern(row), asked)]
    return min(found, key=lambda row: row.count("{"), default=None)


@cache
def _pattern(row: str) -> re.Pattern[str]:
    return re.compile(MARK.sub(lambda mark: f"(?P<{mark[1]}>[^/]+)", row))


def _whose(offer: Offer, row: str, places: Mapping[str, Place]) -> Iterator[str]:
    """The places whose records an offer names, in its path and in the values to choose from."""
    marks = {name: MARK.fullmatch(str(value)) for name, value in (CALLS.get(row, Call()).form or {}).items()}
    matched = re.fullmatch(_pattern(row), f"{offer.method} {offer.path}")
    path = matched.groupdict() if matched else {}
    named = [(kind, path[name]) for name, kind in kinds(row).items()]
    named += [(mark[1], value) for name, value in offer.choices if (mark := marks.get(name)) is not None]
    for kind, value in named:
        known = [place for place in PLACES if str(places[place].ids.get(kind)) == value]
        yield from known if len(known) == 1 else ()  # what both have is nobody's
