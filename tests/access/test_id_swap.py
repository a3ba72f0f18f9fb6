"""Ids of other people's records are refused anywhere in a request; privileged fields are refused.

The parameters come from the application: a new id without a payload here fails.
"""

import pytest
from fastapi import FastAPI

from tests.access.access_db import VIEWS, AccessDatabase, shows_page_again
from tests.access.access_probes import (
    OF_TWO_COLLEGES,
    QUERY_IDS,
    SWAPPED,
    WITHIN_A_COLLEGE,
    caller_for,
    ids_of_another_cohort,
    ids_of_another_college,
    ids_of_the_actors_other_college,
    query_ids_of_another,
)
from tests.access.filling import request_of
from tests.access.id_swap import NUMBERS, OF_THE_SENDER, decided, numbers
from tests.access.matrix import comparable, is_form
from tests.access.payloads import CALLS, V1


def test_every_numeric_parameter_is_swapped_or_no_id(site: FastAPI) -> None:
    open_ = {route: names - NUMBERS - OF_THE_SENDER - decided(route) for route, names in numbers(site).items()}
    assert {route: names for route, names in open_.items() if names} == {}, (
        "an id: NAMES or a mark in CALLS (path, body), QUERIES or CURSORS (query); a number that is no id: NUMBERS"
    )


def test_numeric_parameters_are_detected_everywhere(site: FastAPI) -> None:
    known = numbers(site)
    assert {"cohort_id", "enrolment_id"} <= known["POST /cohortes/{cohort_id}/candidatures/{enrolment_id}"]
    assert {"id", "supersedes"} <= known[f"POST {V1}/enrolments/{{enrolment_id}}/judgements"]
    assert "chosen" in known["POST /heures"]
    assert "after" in known[f"GET {V1}/colleges/{{college_id}}/people"]


@pytest.mark.parametrize("row", SWAPPED)
def test_id_of_another_college_is_refused(access_db: AccessDatabase, row: str) -> None:
    assert list(ids_of_another_college(access_db, row)) == []


@pytest.mark.parametrize(("row", "actor"), WITHIN_A_COLLEGE)
def test_id_of_another_cohort_is_refused(access_db: AccessDatabase, row: str, actor: str) -> None:
    assert list(ids_of_another_cohort(access_db, row, actor)) == []


@pytest.mark.parametrize("row", OF_TWO_COLLEGES)
def test_id_of_the_actors_other_college_is_refused(access_db: AccessDatabase, row: str) -> None:
    assert list(ids_of_the_actors_other_college(access_db, row)) == []


@pytest.mark.parametrize(("row", "name"), QUERY_IDS)
def test_query_id_of_another_is_answered_as_a_missing_one(access_db: AccessDatabase, row: str, name: str) -> None:
    assert list(query_ids_of_another(access_db, row, name)) == []


# Privileged fields ------------------------------------------------------------------------------

PRIVILEGED_FIELDS: dict[str, object] = {
    "role": "registrar", "college_id": 2, "tenant_id": 2, "issued_at": "2026-01-01T00:00:00Z", "id": 1,
    "person_id": 1, "is_admin": True, "recorded_by": 1,
}  # fmt: skip
"""Fields with which an attacker would set a role, a college or a date."""


@pytest.mark.parametrize("row", [row for row, call in CALLS.items() if (call.json or call.form) and "#" not in row])
def test_privileged_field_that_is_not_declared_is_refused(access_db: AccessDatabase, row: str) -> None:
    actor = caller_for(row) or "admin"
    request = request_of(row, access_db.places["alma"])
    kind = "json" if "json" in request else "data"
    for name, value in PRIVILEGED_FIELDS.items():
        if name not in request[kind] and (row, name) not in KNOWN_FIELDS:
            views = access_db.views()
            answer = access_db.call(actor, row, access_db.places["alma"], **{kind: {**request[kind], name: value}})
            assert answer.status_code == 422, (name, answer.status_code, answer.text[:300])
            assert access_db.views() == views or (is_form(row) and shows_page_again(answer))
    assert set(access_db.changed_tables()) <= VIEWS


KNOWN_FIELDS = frozenset(
    {
        (f"POST {V1}/cohorts/{{cohort_id}}/staff", "role"),
        ("POST /cohortes/{cohort_id}/equipe", "role"),
    }
)
"""Fields that a body does have: ``test_matrix.py`` and the services' own tests try their values."""


def test_response_comparison_detects_a_difference(access_db: AccessDatabase) -> None:
    row = f"GET {V1}/cohorts/{{cohort_id}}"
    own, other = (access_db.call("coordinator", row, access_db.places[p]) for p in ("alma", "rouyn"))
    assert comparable(own, "") != comparable(other, "")
