"""The links and forms of a page, and the check that none leads its reader to a refusal."""

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
"""The places of a row's two cells."""


@dataclass
class Offer:
    """A link or form of a page, with the values that the form offers, by field."""

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
        """Collect an element; an option has the name of its select."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.offers.append(Offer("GET", urlsplit(attributes.get("href", "")).path))
        elif tag == "form":
            self.offers.append(
                Offer(attributes.get("method", "get").upper(), urlsplit(attributes.get("action", "")).path)
            )
        elif tag == "select":
            self.select = attributes.get("name", "")
        elif tag in {"option", "input"} and self.offers:
            self.offers[-1].choices.append((attributes.get("name", self.select), attributes.get("value", "")))


def offers(page: str) -> list[Offer]:
    """Return all links and forms of a page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.offers


def refused_offers(page: str, actor: str, places: Mapping[str, Place], matrix: Cells) -> Iterator[str]:
    """Yield the links and forms of an actor's page that the matrix refuses them, by role or by college.

    Pages requested with an API token are not checked: nobody reads them, and their menu is the person's.
    """
    for offer in offers(page) if actor != "token" else ():
        if (row := _row(f"{offer.method} {offer.path}", tuple(matrix))) is None:
            continue
        cells = matrix[row][actor].split("/")
        if cells[0] == "403" or any(cells[PLACES.index(p)] == "404" for p in _whose(offer, row, places) if cells[1:]):
            yield f"offers {offer.method} {offer.path}"


@cache
def _row(target: str, rows: tuple[str, ...]) -> str | None:
    """Return the row that a link or form leads to: of several, the one with the fewest parameters."""
    matching = [row for row in rows if "#" not in row and re.fullmatch(_pattern(row), target)]
    return min(matching, key=lambda row: row.count("{"), default=None)


@cache
def _pattern(row: str) -> re.Pattern[str]:
    return re.compile(MARK.sub(lambda mark: f"(?P<{mark[1]}>[^/]+)", row))


def _whose(offer: Offer, row: str, places: Mapping[str, Place]) -> Iterator[str]:
    """Yield the places whose records a link or form names, in its path and in its values."""
    marks = {name: MARK.fullmatch(str(value)) for name, value in (CALLS.get(row, Call()).form or {}).items()}
    matched = re.fullmatch(_pattern(row), f"{offer.method} {offer.path}")
    path = matched.groupdict() if matched else {}
    named = [(kind, path[name]) for name, kind in kinds(row).items()]
    named += [(mark[1], value) for name, value in offer.choices if (mark := marks.get(name)) is not None]
    for kind, value in named:
        owners = [place for place in PLACES if str(places[place].ids.get(kind)) == value]
        yield from owners if len(owners) == 1 else ()  # an id that both have identifies no place
