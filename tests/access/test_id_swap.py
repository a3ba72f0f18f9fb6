"""No id of another college opens anything, wherever it stands in a request; no field gives itself a role or a college.

The parameters come from the application: a new one that names a record without a payload here fails.
"""

import pytest
from fastapi import FastAPI
from httpx2 import Response

from tests.access.canaries import leaked
from tests.access.filling import filled, kinds, request_of
from tests.access.ground import MISSING, NO_CODE, UNSAFE, Ground, words_of
from tests.access.matrix import MATRIX, is_allowed, said
from tests.access.payloads import CALLS, V1, Call
from tests.access.swaps import NUMBERS, QUERIES, decided, marks, numbers, swapped

KNOCKERS = ("coordinator", "registrar", "trainer", "participant", "facilitator", "observer", "admin")
"""Who tries, the first whom the row lets in: each has roles in one college, the administrator in all."""

DOORS = frozenset(
    {
        (f"POST {V1}/cohorts/{{cohort_id}}/applications", "path cohort_id"),
        ("GET /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
        ("POST /cohortes-ouvertes/{cohort_id}", "path cohort_id"),
        (f"GET {V1}/verify/{{code}}", "path code"),
        ("GET /v/{code}", "path code"),
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
"""What opens to who holds it, whatever their college: open cohorts and certificates (tried in ``test_doors.py``), the
secret of a letter, a way to sign in; and where the trainer goes next, which shows nothing of another's."""

TO_THE_PLATFORM = frozenset({"admin"})
"""Whom another college's id is not another's to: what they may do there is the matrix's to say."""


def knocker(row: str) -> str | None:
    """Who a row lets in on a record of their own college, and not on another's."""
    for actor in KNOCKERS:
        cell = MATRIX[row][actor].split("/")
        if is_allowed(cell[0]) and actor not in TO_THE_PLATFORM:
            return actor
    return None


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


def test_each_number_is_swapped_or_names_nothing(site: FastAPI) -> None:
    open_ = {route: names - NUMBERS - decided(route) for route, names in numbers(site).items()}
    assert {route: names for route, names in open_.items() if names} == {}


def test_a_new_id_is_found(site: FastAPI) -> None:
    known = numbers(site)
    assert {"cohort_id", "enrolment_id"} <= known["POST /cohortes/{cohort_id}/candidatures/{enrolment_id}"]
    assert {"id", "supersedes"} <= known[f"POST {V1}/enrolments/{{enrolment_id}}/judgements"]
    assert "chosen" in known["POST /heures"]
    assert "after" in known[f"GET {V1}/colleges/{{college_id}}/people"]


def refused(ground: Ground, actor: str, row: str, answer: Response) -> list[str]:
    """What another's id opened, wrote or told."""
    found = leaked(actor, row, words_of(answer))
    if answer.status_code < 400:
        found.append(f"{answer.status_code}")
    if row.split(" ", maxsplit=1)[0] in UNSAFE and (tables := ground.written()):
        found.append(f"wrote to {', '.join(tables)}")
        ground.renew()
    return found


@pytest.mark.parametrize("row", swappable())
def test_an_id_of_another_college_opens_nothing(ground: Ground, row: str) -> None:
    actor = knocker(row) or ""
    for what, request in swapped(row, ground.places["alma"], ground.places["rouyn"]):
        if (row, what) not in DOORS:
            answer = ground.call(actor, row, ground.places["alma"], **request)
            assert refused(ground, actor, row, answer) == [], (what, request, answer.text[:300])


WITHIN = ("trainer", "participant")
"""Who reaches part of a college only."""

NOT_THEIRS = frozenset({"college", "project", "provider", "code"})
"""Kinds that the whole college shares, and what whoever holds the code may verify."""


@pytest.mark.parametrize(
    ("actor", "row"),
    [(a, row) for row in swappable() for a in WITHIN if is_allowed(MATRIX[row][a].split("/")[0])],
)
def test_an_id_of_another_cohort_opens_nothing(ground: Ground, row: str, actor: str) -> None:
    for what, request in swapped(row, ground.places["alma"], ground.places["far"]):
        shared = {k for k in kinds(row).values() if what.startswith("path") and k in NOT_THEIRS}
        if (row, what) not in DOORS and not shared:
            answer = ground.call(actor, row, ground.places["alma"], **request)
            assert refused(ground, actor, row, answer) == [], (what, request, answer.text[:300])


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, names in QUERIES.items() for name in names])
def test_an_id_after_the_question_mark_tells_no_more_than_none(ground: Ground, row: str, name: str) -> None:
    """The same answer for another college's record as for none."""
    mark = QUERIES[row][name]
    for actor in (a for a in KNOCKERS if a not in TO_THE_PLATFORM and is_allowed(MATRIX[row][a].split("/")[0])):
        asked = [filled(mark, ids) for ids in (ground.places["rouyn"].ids, _nothing(ground))]
        shown = [str(value[0] if isinstance(value, list) else value) for value in asked]
        answers = []
        for value in asked:
            answer = ground.call(actor, row, ground.places["alma"], params={name: value})
            assert leaked(actor, row, words_of(answer)) == []
            said_ = answer.text
            for number in shown:  # the form may repeat what was asked
                said_ = said_.replace(f'"{number}"', "").replace(f"={number}", "")
            answers.append((answer.status_code, said_))
        assert answers[0] == answers[1]


def _nothing(ground: Ground) -> dict[str, object]:
    """Ids of no record."""
    return {k: NO_CODE if k == "code" else MISSING for k in ground.places["rouyn"].ids}


# Fields that nobody sends -----------------------------------------------------------------------

GIFTS: dict[str, object] = {
    "role": "registrar", "college_id": 2, "tenant_id": 2, "issued_at": "2026-01-01T00:00:00Z", "id": 1,
    "person_id": 1, "is_admin": True, "recorded_by": 1,
}  # fmt: skip
"""What someone would like the record to say."""


@pytest.mark.parametrize("row", [row for row, call in CALLS.items() if (call.json or call.form) and "#" not in row])
def test_no_field_gives_itself(ground: Ground, row: str) -> None:
    actor = knocker(row) or "admin"
    request = request_of(row, ground.places["alma"])
    kind = "json" if "json" in request else "data"
    for name, value in GIFTS.items():
        if name not in request[kind] and (row, name) not in KNOWN_FIELDS:
            answer = ground.call(actor, row, ground.places["alma"], **{kind: {**request[kind], name: value}})
            assert answer.status_code == 422, (name, answer.status_code, answer.text[:300])
    assert ground.written() == []


KNOWN_FIELDS = frozenset(
    {
        (f"POST {V1}/colleges/{{college_id}}/people", "role"),
        (f"POST {V1}/cohorts/{{cohort_id}}/staff", "role"),
        ("POST /cohortes/{cohort_id}/equipe", "role"),
    }
)
"""Fields that a body does hold, whose values ``test_matrix.py`` and the services' own tests try."""


def test_the_comparison_sees_a_difference(ground: Ground) -> None:
    row = f"GET {V1}/cohorts/{{cohort_id}}"
    own, other = (ground.call("coordinator", row, ground.places[p]) for p in ("alma", "rouyn"))
    assert said(own, "") != said(other, "")
