"""The doors between colleges (docs/tenant-exceptions.md), one by one: what each shows or writes, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.platform.locations import ROOT
from tests.access.access_db import Ground, words_of
from tests.access.actors import canary
from tests.access.payloads import PERSON, V1

DOORS = (
    "sign-in", "sign-in services of colleges",
    "letters: `/invitation/{token}` and `/mot-de-passe-oublie/{token}`",
    "open cohorts, and applying to one", "one active enrolment per path (BR-05)", "opening an account",
    "`/v/{code}` and `/api/v1/verify/{code}`",
    "`/colleges/{slug}/did.json` and `/colleges/{slug}/statuts/{number}`", "indicators of a project", "administrator",
)  # fmt: skip
"""Each has a test here."""


def test_each_door_is_listed_and_each_listed_door_is_tried() -> None:
    page = Path(ROOT / "docs" / "tenant-exceptions.md").read_text(encoding="utf-8")
    listed = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    assert tuple(listed[1:]) == DOORS


def rouyn_words(answer: Any) -> list[str]:
    """Canaries of Rouyn that an answer holds."""
    return [w for w in words_of(answer).replace('"', " ").split() if "Rouyn" in w and w.startswith("Canari")]


def owners(ground: Ground, statement: str) -> list[Any]:
    """Rows as the owner of the tables sees them."""
    with ground.database.engine.connect() as connection:
        return list(connection.exec_driver_sql(statement).all())


def test_signing_in_shows_ones_own_name_and_roles(ground: Ground) -> None:
    me = ground.call("dual", f"GET {V1}/me", ground.places["alma"])
    assert {role["college"] for role in me.json()["roles"]} == {"Collège d’Alma", "Cégep de Rouyn"}
    assert set(me.json()) == {"person_id", "name", "roles"}
    assert rouyn_words(me) == []


def test_the_sign_in_page_names_services_and_nobody(ground: Ground) -> None:
    page = ground.call("anonymous", "GET /connexion", ground.places["rouyn"])
    labels = owners(ground, "select label, issuer from oidc_provider where ended_at is null")
    assert len(labels) > 1
    for label, issuer in labels:
        assert label in page.text
        assert issuer not in page.text
    assert {w for w in owners_words() if w in page.text} == set()


@pytest.mark.parametrize("row", ["GET /invitation/{token}", "GET /mot-de-passe-oublie/{token}"])
def test_a_letter_tells_its_college_and_nothing_of_its_people(ground: Ground, row: str) -> None:
    answer = ground.call("anonymous", row, ground.places["rouyn"])
    assert answer.status_code == 200
    assert {w for w in owners_words() if w in answer.text} == set()
    told = set(re.findall(r"[\w.]+@[\w.]+\w", answer.text))
    sent_to = {ground.places["rouyn"].ids["address"], "other.participant@escouade.example.com"}
    assert told <= sent_to, "the address that the letter went to, at most"
    assert ground.written() == []


def test_open_cohorts_show_what_an_offer_shows(ground: Ground) -> None:
    offer = ground.call("coordinator", f"GET {V1}/cohorts/open", ground.places["alma"])
    assert {row["id"] for row in offer.json()} == {ground.places[p].ids["cohort"] for p in ("alma", "rouyn")}
    assert {key for row in offer.json() for key in row} == {
        "id", "code", "title", "college", "curriculum_slug", "curriculum_version", "starts_on", "ends_on", "capacity",
        "place", "my_state",
    }  # fmt: skip
    assert rouyn_words(offer) == []


def test_a_closed_cohort_is_no_offer(ground: Ground) -> None:
    for row in (f"POST {V1}/cohorts/{{cohort_id}}/applications", "GET /cohortes-ouvertes/{cohort_id}"):
        assert ground.call("coordinator", row, ground.places["far"]).status_code == 404


@pytest.mark.parametrize(
    "row", [f"POST {V1}/cohorts/{{cohort_id}}/applications", "POST /cohortes-ouvertes/{cohort_id}"]
)
def test_applying_elsewhere_writes_ones_own_application(ground: Ground, row: str) -> None:
    answer = ground.call("participant", row, ground.places["rouyn"])
    assert answer.status_code in {201, 303}
    assert rouyn_words(answer) == []
    [[person, state]] = owners(ground, "select person_id, state from enrolment order by id desc limit 1")
    assert (person, state) == (ground.places["alma"].ids["owner_person"], "applied")
    assert set(ground.written()) - {"progress"} == {"application", "enrolment", "enrolment_move", "role_held"}


def test_nobody_applies_for_another(ground: Ground) -> None:
    row = f"POST {V1}/cohorts/{{cohort_id}}/applications"
    for given in ({"person_id": ground.places["rouyn"].ids["owner_person"]}, {"college_id": 1}):
        answer = ground.call("participant", row, ground.places["rouyn"], json={"motive": "Apprendre.", **given})
        assert answer.status_code == 422
    assert ground.written() == []


def test_one_active_enrolment_says_no_and_never_where(ground: Ground) -> None:
    applied = ground.call("participant", f"POST {V1}/cohorts/{{cohort_id}}/applications", ground.places["rouyn"])
    asked = {"url": f"{V1}/enrolments/{applied.json()['id']}/moves", "json": {"to": "admitted", "reason": "Exception."}}
    row = f"POST {V1}/enrolments/{{enrolment_id}}/moves"
    answer = ground.call("manager_elsewhere", row, ground.places["rouyn"], **asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_enrolled")
    assert "Alma" not in answer.text
    assert "GEN-ALM" not in answer.text


def test_a_known_address_is_taken_and_never_by_whom(ground: Ground) -> None:
    row = f"POST {V1}/colleges/{{college_id}}/people"
    taken = {**PERSON, "email": "other.participant@escouade.example.com"}
    answer = ground.call("registrar", row, ground.places["alma"], json=taken)
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert rouyn_words(answer) == []
    assert ground.written() == []


@pytest.mark.parametrize("row", ["GET /v/{code}", f"GET {V1}/verify/{{code}}"])
def test_verification_tells_what_the_certificate_says(ground: Ground, row: str) -> None:
    answer = ground.call("anonymous", row, ground.places["rouyn"])
    assert answer.status_code == 200
    assert {w for w in set(owners_words()) if w in answer.text} == {canary("Legal", "rouyn")}
    if row.startswith("GET /api"):
        assert set(answer.json()) == {
            "state", "issued_on", "number", "kind", "holder", "path_title", "college_name", "recognised_minutes", "ceu",
            "document_sha256",
        }  # fmt: skip


def owners_words() -> list[str]:
    """Every canary of Rouyn's certificate and person."""
    return [canary(what, "rouyn") for what in ("Nom", "Legal", "Signe", "Personnel", "Raison", "Lieu", "Texte")]


@pytest.mark.parametrize("row", ["GET /v/{code}", f"GET {V1}/verify/{{code}}"])
def test_a_certificate_no_longer_valid_tells_no_name(ground: Ground, row: str) -> None:
    with ground.database.engine.begin() as connection:
        connection.exec_driver_sql("update certificate set state = 'revoked', ended_on = issued_on")
    answer = ground.call("anonymous", row, ground.places["rouyn"])
    assert answer.status_code == 200
    assert rouyn_words(answer) == []
    if row.startswith("GET /api"):
        assert set(answer.json()) == {"state", "issued_on", "ended_on"}


@pytest.mark.parametrize("row", ["GET /colleges/{slug}/did.json", "GET /colleges/{slug}/statuts/{number}"])
def test_what_proves_a_credential_names_nobody(ground: Ground, row: str) -> None:
    answer = ground.call("anonymous", row, ground.places["rouyn"])
    assert answer.status_code == 200
    assert rouyn_words(answer) == []
    assert not re.search(r"private|sealed", answer.text)
    if row.endswith("did.json"):
        assert set(answer.json()) == {"@context", "id", "verificationMethod", "assertionMethod"}
        assert {k for m in answer.json()["verificationMethod"] for k in m} == {
            "id", "type", "controller", "publicKeyMultibase",
        }  # fmt: skip
    else:
        assert set(answer.json()) == {"@context", "id", "type", "issuer", "validFrom", "credentialSubject", "proof"}
        assert set(answer.json()["credentialSubject"]) == {"id", "type", "statusPurpose", "ttl", "encodedList"}


def test_indicators_are_counts_alone_and_small_ones_masked(ground: Ground) -> None:
    answer = ground.call("observer", f"GET {V1}/projects/{{project_id}}/indicators", ground.places["alma"])
    assert answer.status_code == 200
    assert "Canari" not in words_of(answer)
    figures = [n for region in answer.json()["regions"] for n in region.values() if isinstance(n, int)]
    assert [n for n in figures if 0 < n < 5] == []


def test_the_administrator_reads_no_result(ground: Ground) -> None:
    told = " ".join(
        words_of(ground.call("admin", row, ground.places["rouyn"]))
        for row in (f"GET {V1}/cohorts", f"GET {V1}/colleges/{{college_id}}/people", "GET /cohortes/{cohort_id}")
    )
    assert canary("Nom", "rouyn") in told
    private = ("Texte", "Note", "Commentaire", "Mandat", "Groupe", "Legal", "Motif")
    assert [what for what in private if canary(what, "rouyn") in told] == []


def test_whoever_manages_groups_reads_no_reason_of_a_turn(ground: Ground) -> None:
    """Not between colleges, but out of the group: the coordinator sees that a turn was missed, never why (S4)."""
    row = f"GET {V1}/codev/sessions/{{session_id}}"
    inside, outside = (ground.call(a, row, ground.places["alma"]).json() for a in ("facilitator", "coordinator"))
    assert [turn["reason"] for turn in inside["turns"]] == [None, "absence"]
    assert [turn["reason"] for turn in outside["turns"]] == [None, None]
