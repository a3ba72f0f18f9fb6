"""The matrix as it stands in ``matrix.csv``, and how one of its rows is checked.

A cell is the status that the actor gets on a record of their own college, then on one of another
(``200/404``); ``login`` is the way to the sign-in page, ``factor`` to that of the second factor. A row
without records has one status a cell.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from httpx2 import Response

from tests.access.access_db import MISSING, NO_CODE, UNSAFE, Ground, words_of
from tests.access.actors import Place
from tests.access.canaries import leaked
from tests.access.filling import address, filled, kinds
from tests.access.offers import refused_offers
from tests.access.payloads import CALLS, Call

FILE = Path(__file__).with_name("matrix.csv")
WAYS = {"login": "/connexion?suite=", "factor": "/connexion/second-facteur?suite="}
SEPARATE = frozenset({"content-length"})


def read() -> dict[str, dict[str, str]]:
    """Cells by row and actor."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {line.pop("route"): line for line in csv.DictReader(file)}


MATRIX = read()


def cells(row: str) -> Iterator[tuple[str, str, str]]:
    """``(actor, place, expected)`` of a row, refusals first: they leave the copy as it is."""
    found: list[tuple[str, str, str]] = []
    for actor, cell in MATRIX[row].items():
        expected = cell.split("/")
        places = ("alma", "rouyn") if len(expected) > 1 else ("alma",)
        found.extend((actor, place, status) for place, status in zip(places, expected, strict=True))
    yield from sorted(found, key=lambda c: is_allowed(c[2]))


def is_allowed(expected: str) -> bool:
    """Whether a cell says that the call succeeds."""
    return expected not in WAYS and int(expected) < 400


def faults(ground: Ground, row: str) -> Iterator[str]:
    """All that is not as the matrix says, one line a fault; nothing when the row holds."""
    ground.settle()
    writes = row.split(" ", maxsplit=1)[0] in UNSAFE
    refused = True
    public = MATRIX[row]["anonymous"].split("/")[0] not in {"401", "login"}
    for actor, place, expected in cells(row):
        if public:
            ground.forget_tries()
        if refused and is_allowed(expected):
            refused = False
            yield from _wrote(ground, row)
        answer = ground.call(actor, row, ground.places[place])
        wrong = [*_wrong(answer, row, ground.places[place], expected), *leaked(actor, row, words_of(answer))]
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            wrong += refused_offers(answer.text, actor, ground.places, MATRIX)
        if answer.status_code == 404 and place == "rouyn":
            wrong += _unlike_missing(ground, actor, row, answer)
        yield from (f"{row} as {actor} in {place}: {fault}" for fault in wrong)
        if writes and answer.status_code < 400:
            ground.renew()
    yield from _wrote(ground, row) if refused else ()


def _wrote(ground: Ground, row: str) -> Iterator[str]:
    if tables := ground.written():
        yield f"{row}: a refusal wrote to {', '.join(tables)}"
        ground.renew()


def _wrong(answer: Response, row: str, place: Place, expected: str) -> Iterator[str]:
    """What is not as expected of an answer's status, kind and place to go."""
    if expected in WAYS:
        where = answer.headers.get("location", "")
        if answer.status_code != 303 or not where.startswith(WAYS[expected]):
            yield f"{answer.status_code} {where} instead of {expected}"
    elif answer.status_code != int(expected):
        yield f"{answer.status_code} instead of {expected}: {answer.text[:200]!r}"
    elif answer.status_code >= 400 and "/api/" in row:
        document = answer.json()
        if answer.headers["content-type"] != "application/problem+json" or document["status"] != int(expected):
            yield "no problem document"
    elif answer.status_code == 303 and not is_to(answer, row, place):
        yield f"leads to {answer.headers['location']}"


def is_to(answer: Response, row: str, place: Place) -> bool:
    """Whether a page leads where its row says; a trailing ``/`` stands for a new record there."""
    to = CALLS.get(row, Call()).to
    where = answer.headers["location"]
    if to is None:
        return not where.startswith("/connexion?")
    wanted = str(filled(to, place.ids))
    return where.startswith(wanted) if wanted.endswith("/") else where == wanted


def _unlike_missing(ground: Ground, actor: str, row: str, answer: Response) -> Iterator[str]:
    """Another college's record and none at all: one answer, byte for byte."""
    ids = {**ground.places["rouyn"].ids}
    for kind in kinds(row).values():
        ids[kind] = NO_CODE if kind == "code" else MISSING
    nowhere = address(row, ids)
    missing = ground.call(actor, row, ground.places["rouyn"], url=nowhere)
    if said(missing, nowhere) != said(answer, address(row, ground.places["rouyn"].ids)):
        yield "another answer than for a record that does not exist"


def said(answer: Response, url: str) -> tuple[object, ...]:
    """An answer without the address that was asked."""
    headers = sorted((k, v) for k, v in answer.headers.items() if k not in SEPARATE)
    return answer.status_code, headers, answer.text.replace(url, "")
