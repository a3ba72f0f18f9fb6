"""No id of another college opens anything, wherever it stands in a request; no field gives itself a role or a college.

The parameters come from the application: a new one that names a record without a payload here fails.
"""

import pytest
from fastapi import FastAPI

from tests.access.access_db import Ground
from tests.access.access_probes import (
    ASKED,
    OF_TWO_COLLEGES,
    SWAPPED,
    WITHIN_A_COLLEGE,
    after_the_question_mark,
    knocker,
    of_another_cohort,
    of_another_college,
    of_ones_other_college,
)
from tests.access.filling import request_of
from tests.access.id_swap import NUMBERS, decided, numbers
from tests.access.matrix import said
from tests.access.payloads import CALLS, V1


def test_each_number_is_swapped_or_names_nothing(site: FastAPI) -> None:
    open_ = {route: names - NUMBERS - decided(route) for route, names in numbers(site).items()}
    assert {route: names for route, names in open_.items() if names} == {}


def test_a_new_id_is_found(site: FastAPI) -> None:
    known = numbers(site)
    assert {"cohort_id", "enrolment_id"} <= known["POST /cohortes/{cohort_id}/candidatures/{enrolment_id}"]
    assert {"id", "supersedes"} <= known[f"POST {V1}/enrolments/{{enrolment_id}}/judgements"]
    assert "chosen" in known["POST /heures"]
    assert "after" in known[f"GET {V1}/colleges/{{college_id}}/people"]


@pytest.mark.parametrize("row", SWAPPED)
def test_an_id_of_another_college_opens_nothing(ground: Ground, row: str) -> None:
    assert list(of_another_college(ground, row)) == []


@pytest.mark.parametrize(("row", "actor"), WITHIN_A_COLLEGE)
def test_an_id_of_another_cohort_opens_nothing(ground: Ground, row: str, actor: str) -> None:
    assert list(of_another_cohort(ground, row, actor)) == []


@pytest.mark.parametrize("row", OF_TWO_COLLEGES)
def test_an_id_of_ones_other_college_opens_nothing(ground: Ground, row: str) -> None:
    assert list(of_ones_other_college(ground, row)) == []


@pytest.mark.parametrize(("row", "name"), ASKED)
def test_an_id_after_the_question_mark_tells_no_more_than_none(ground: Ground, row: str, name: str) -> None:
    assert list(after_the_question_mark(ground, row, name)) == []


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
