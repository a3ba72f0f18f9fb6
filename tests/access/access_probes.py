"""What another's id opens, wrote or told: the same trials for the tests and for the soak, each a list of faults."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from httpx2 import Response

from app.platform.web.problems import problem
from tests.access.access_db import MISSING, NO_CODE, UNSAFE, VIEWS, Ground, words_of
from tests.access.canaries import leaked
from tests.access.filling import filled, kinds, request_of
from tests.access.id_swap import QUERIES, marks, swapped
from tests.access.matrix import MATRIX, is_allowed
from tests.access.payloads import CALLS, V1, Call

ONLY_THE_DATABASE = str(problem(HTTPStatus.CONFLICT, "conflict")["title"])
"""What is said when a constraint refuses what the application let through."""

KNOCKERS = ("coordinator", "registrar", "trainer", "participant", "facilitator", "observer", "admin")
"""Who tries, the first whom the row lets in: each has roles in one college, the administrator in all."""

WITHIN = ("trainer", "participant", "facilitator")
"""Who reaches part of a college only."""

OF_BOTH = "manager_elsewhere"
"""Who has roles in two colleges: row-level security shows them both, so that the checks stand alone."""

OFFERS = frozenset(
    {
        (f"POST {V1}/cohorts/{{cohort_id}}/applications", "path cohort_id"),
        ("GET /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
        ("POST /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
    }
)
"""Open to all colleges while the cohort takes applications: the college's second cohort takes none."""

DOORS = OFFERS | frozenset(
    {
        (f"GET {V1}/verify/{{code}}", "path code"),
        ("GET /v/{code}", "path code"),
        ("POST /v/{code}/fichier", "path code"),
        ("GET /colleges/{slug}/did.json", "path slug"),
        ("GET /colleges/{slug}/statuts/{number}", "path slug"),
        ("GET /invitation/{token}", "path token"),
        ("POST /invitation/{token}", "path token"),
        ("POST /invitation/{token}/acceptation", "path token"),
        ("GET /mot-de-passe-oublie/{token}", "path token"),
        ("POST /mot-de-passe-oublie/{token}", "path token"),
        ("POST /connexion/oidc/{provider_id}", "path provider_id"),
        ("POST /securite/oidc/{provider_id}", "path provider_id"),
        ("POST /parcours/{enrolment_id}/jugements/{competency}#correction", "form hand_in"),
    }
)
"""What opens to who holds it, whatever their college: open cohorts, certificates and what proves them (tried in
``test_doors.py``), the secret of a letter, a way to sign in; and where the trainer goes next, which shows nothing of
another's."""

TOLD_BY_NUMBER = frozenset(
    {(f"POST {V1}/enrolments/{{enrolment_id}}/mandates#neq", "json neq"), ("POST /mandats#neq", "form neq")}
)
"""An enterprise of the college is named by who knows its whole number, whoever's mandate it had."""

TO_THE_PLATFORM = frozenset({"admin"})
"""Whom another college's id is not another's to: what they may do there is the matrix's to say."""

NOT_THEIRS = frozenset({"college", "project", "provider", "code"})
"""Kinds that the whole college shares, and what whoever holds the code may verify."""

CURSORS = frozenset({"after", "apres"})
"""Places in a list: where one begins to read one's own."""


def knocker(row: str) -> str | None:
    """Who a row lets in on a record of their own college, and not on another's."""
    for actor in KNOCKERS:
        if is_let_in(actor, row) and actor not in TO_THE_PLATFORM:
            return actor
    return None


def is_let_in(actor: str, row: str, cell: int = 0) -> bool:
    """Whether a row lets someone in on a record of Alma, or of Rouyn (``cell=1``)."""
    said = MATRIX[row][actor].split("/")
    return is_allowed(said[min(cell, len(said) - 1)])


def swappable() -> list[str]:
    """Rows that hold an id and let someone of one college in."""
    return [
        row
        for row in MATRIX
        if knocker(row) and (any(not k.startswith("=") for k in kinds(row).values()) or any(_bodies(row)))
    ]


def _bodies(row: str) -> list[tuple[str | int, ...]]:
    call = CALLS.get(row, Call())
    return [*marks(call.json), *marks(call.form)]


def refused(ground: Ground, actor: str, row: str, answer: Response) -> list[str]:
    """What another's id opened, broke, wrote or told."""
    found = leaked(actor, row, words_of(answer))
    if not 400 <= answer.status_code < 500 or ONLY_THE_DATABASE in answer.text:
        found.append(f"{answer.status_code}")
    if row.split(" ", maxsplit=1)[0] in UNSAFE:
        shown_again = VIEWS if answer.status_code == 422 else frozenset()  # the form, among one's own records
        if tables := set(ground.written()) - shown_again:
            found.append(f"wrote to {', '.join(sorted(tables))}")
        ground.settle()
    return found


def _swap(ground: Ground, row: str, actor: str, own: str, other: str, *, doors: Any = DOORS) -> Iterator[str]:
    for what, request in swapped(row, ground.places[own], ground.places[other]):
        if (row, what) not in doors:
            answer = ground.call(actor, row, ground.places[own], **request)
            yield from (f"{row} as {actor}, {what} of {other}: {f}" for f in refused(ground, actor, row, answer))


def of_another_college(ground: Ground, row: str) -> Iterator[str]:
    """No id of another college opens anything, wherever it stands in a request."""
    yield from _swap(ground, row, knocker(row) or "", "alma", "rouyn")


def of_another_cohort(ground: Ground, row: str, actor: str) -> Iterator[str]:
    """Nor of the college's other cohort, to who reaches one of them only: one id of it, or the whole of it."""
    shared = {(row, f"path {name}") for name, kind in kinds(row).items() if kind in NOT_THEIRS}
    doors = (DOORS - OFFERS) | TOLD_BY_NUMBER | shared
    yield from _swap(ground, row, actor, "alma", "far", doors=doors)
    own, other = (request_of(row, ground.places[place]) for place in ("alma", "far"))
    if own != other and not any(route == row and what.startswith("path") for route, what in doors):
        answer = ground.call(actor, row, ground.places["far"])
        yield from (f"{row} as {actor}, in far: {fault}" for fault in refused(ground, actor, row, answer))


def of_ones_other_college(ground: Ground, row: str) -> Iterator[str]:
    """Nor of a college where one has another role: what one manages in the first is not mixed with the second."""
    open_there = {(row, f"path {name}") for name in kinds(row) if is_let_in(OF_BOTH, row)}
    yield from _swap(ground, row, OF_BOTH, "rouyn", "alma", doors=DOORS | open_there)


def after_the_question_mark(ground: Ground, row: str, name: str) -> Iterator[str]:
    """The same answer for another's record as for none."""
    nothing = {k: NO_CODE if k == "code" else MISSING for k in ground.places["rouyn"].ids}
    askers = [(a, "rouyn") for a in KNOCKERS if a not in TO_THE_PLATFORM]
    if name not in CURSORS | {"college_id"}:
        askers += [*((a, "far") for a in WITHIN), (OF_BOTH, "alma")]
    for actor, place in ((a, p) for a, p in askers if is_let_in(a, row)):
        asked = [filled(QUERIES[row][name], ids) for ids in (ground.places[place].ids, nothing)]
        answers = []
        for value in asked:
            answer = ground.call(actor, row, ground.places["alma"], params={name: value})
            yield from (f"{row} as {actor}, {name} of {place}: {w}" for w in leaked(actor, row, words_of(answer)))
            answers.append((answer.status_code, _without(asked, answer.text)))
        if answers[0] != answers[1]:
            yield f"{row} as {actor}, {name} of {place}: another answer than for none"


def _without(asked: list[Any], said: str) -> str:
    """An answer without the numbers that were asked: the form may repeat them."""
    for value in asked:
        number = str(value[0] if isinstance(value, list) else value)
        said = said.replace(f'"{number}"', "").replace(f"={number}", "")
    return said


SWAPPED = swappable()
WITHIN_A_COLLEGE = [(row, actor) for row in SWAPPED for actor in WITHIN if is_let_in(actor, row)]
OF_TWO_COLLEGES = [row for row in SWAPPED if is_let_in(OF_BOTH, row, 1)]
ASKED = [(row, name) for row, names in QUERIES.items() for name in names]
