"""The access matrix of ``matrix.csv``, and the check of one of its rows.

A cell is the status that the actor gets on a record of their own college, then on one of another (``200/404``);
``login`` is a redirection to the sign-in page, ``factor`` to that of the second factor. A row without records has one
status per cell.

The last column, ``self``, is for writes: the status that someone who holds every role gets when the record is about
themselves (``self_column.py``); it is empty for what only reads.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from httpx2 import Response

from tests.access.access_db import MISSING, NO_CODE, UNSAFE, VIEWS, AccessDatabase, shows_page_again, text_of
from tests.access.actors import Place
from tests.access.canaries import leaked
from tests.access.filling import address, filled, kinds
from tests.access.offers import refused_offers
from tests.access.payloads import CALLS, Call

FILE = Path(__file__).with_name("matrix.csv")
REDIRECTS = {"login": "/connexion?suite=", "factor": "/connexion/second-facteur?suite="}
SEPARATE = frozenset({"content-length"})


def read() -> dict[str, dict[str, str]]:
    """Return the cells by row and column."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {line.pop("route"): line for line in csv.DictReader(file)}


ROWS = read()
SELF = {row: columns["self"] for row, columns in ROWS.items()}
"""The column ``self``, by row."""

MATRIX = {row: {actor: cell for actor, cell in columns.items() if actor != "self"} for row, columns in ROWS.items()}
"""The cells of the actors, by row."""


def cells(row: str) -> Iterator[tuple[str, str, str]]:
    """Yield ``(actor, place, expected)`` of a row, refusals first: they write nothing."""
    calls: list[tuple[str, str, str]] = []
    for actor, cell in MATRIX[row].items():
        expected = cell.split("/")
        places = ("alma", "rouyn") if len(expected) > 1 else ("alma",)
        calls.extend((actor, place, status) for place, status in zip(places, expected, strict=True))
    yield from sorted(calls, key=lambda c: is_allowed(c[2]))


def is_allowed(expected: str) -> bool:
    """Return whether a cell expects the call to succeed."""
    return expected not in REDIRECTS and int(expected) < 400


def row_faults(access_db: AccessDatabase, row: str) -> Iterator[str]:
    """Yield one line for each difference between a row's responses and the matrix."""
    access_db.reset()
    writes = row.split(" ", maxsplit=1)[0] in UNSAFE
    refused = True
    public = MATRIX[row]["anonymous"].split("/")[0] not in {"401", "login"}
    for actor, place, expected in cells(row):
        if public:
            access_db.clear_attempts()
        if refused and is_allowed(expected):
            refused = False
            yield from _unexpected_writes(access_db, row)
        views = access_db.views()
        answer = access_db.call(actor, row, access_db.places[place])
        faults = [
            *_unexpected_views(access_db, views, row, answer),
            *_response_faults(answer, row, access_db.places[place], expected),
            *leaked(actor, row, text_of(answer)),
        ]
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            faults += refused_offers(answer.text, actor, access_db.places, MATRIX)
        if answer.status_code == 404 and place == "rouyn":
            faults += _difference_from_missing(access_db, actor, row, answer)
        yield from (f"{row} as {actor} in {place}: {fault}" for fault in faults)
        if writes and answer.status_code < 400:
            access_db.recreate()
    yield from _unexpected_writes(access_db, row) if refused else ()


def _unexpected_writes(access_db: AccessDatabase, row: str) -> Iterator[str]:
    """Yield the tables that refusals wrote to; each refusal was looked at for logged accesses by itself."""
    if tables := set(access_db.changed_tables()) - VIEWS:
        yield f"{row}: a refusal wrote to {', '.join(sorted(tables))}"
        access_db.recreate()


def _unexpected_views(access_db: AccessDatabase, views: int, row: str, answer: Response) -> Iterator[str]:
    """Yield a fault when a refusal logged an access, unless a form's page is shown again: that one is read."""
    may_be_logged = answer.status_code < 400 or (is_form(row) and shows_page_again(answer))
    if not may_be_logged and access_db.views() != views:
        yield "a refusal logged an access"


def is_form(row: str) -> bool:
    """Return whether a row is the sending of a page's form."""
    return row.startswith("POST /") and "/api/" not in row


def _response_faults(answer: Response, row: str, place: Place, expected: str) -> Iterator[str]:
    """Yield what differs from the expected status, media type and redirection of a response."""
    if expected in REDIRECTS:
        location = answer.headers.get("location", "")
        if answer.status_code != 303 or not location.startswith(REDIRECTS[expected]):
            yield f"{answer.status_code} {location} instead of {expected}"
    elif answer.status_code != int(expected):
        yield f"{answer.status_code} instead of {expected}: {answer.text[:200]!r}"
    elif answer.status_code >= 400 and "/api/" in row:
        document = answer.json()
        if answer.headers["content-type"] != "application/problem+json" or document["status"] != int(expected):
            yield "no problem document"
    elif answer.status_code == 303 and not redirects_as_declared(answer, row, place):
        yield f"leads to {answer.headers['location']}"


def redirects_as_declared(answer: Response, row: str, place: Place) -> bool:
    """Return whether a page redirects to the path of its row; a trailing ``/`` stands for a new record there."""
    to = CALLS.get(row, Call()).to
    location = answer.headers["location"]
    if to is None:
        return not location.startswith("/connexion?")
    expected = str(filled(to, place.ids))
    return location.startswith(expected) if expected.endswith("/") else location == expected


def _difference_from_missing(access_db: AccessDatabase, actor: str, row: str, answer: Response) -> Iterator[str]:
    """Yield a fault when the response for another college's record differs from that for a missing one."""
    ids = {**access_db.places["rouyn"].ids}
    for kind in kinds(row).values():
        ids[kind] = NO_CODE if kind == "code" else MISSING
    missing_url = address(row, ids)
    missing = access_db.call(actor, row, access_db.places["rouyn"], url=missing_url)
    if comparable(missing, missing_url) != comparable(answer, address(row, access_db.places["rouyn"].ids)):
        yield "another answer than for a record that does not exist"


def comparable(answer: Response, url: str) -> tuple[object, ...]:
    """Return the status, headers and body of a response, without the URL of the request."""
    headers = sorted((k, v) for k, v in answer.headers.items() if k not in SEPARATE)
    return answer.status_code, headers, answer.text.replace(url, "")
