"""The exceptions to tenant isolation (docs/tenant-exceptions.md): each shows or writes what is listed, nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import func, text

from app.platform.locations import ROOT
from tests.access.access_db import AccessDatabase, text_of
from tests.access.actors import canary
from tests.access.payloads import SOON, V1

EXCEPTIONS = (
    "sign-in", "sign-in services of colleges",
    "letters: `/invitation/{token}` and `/mot-de-passe-oublie/{token}`",
    "open cohorts, and applying to one", "one active enrolment per path (BR-05)",
    "transfer of a person to another college",
    "admission conditions of a path",
    "`/v/{code}` and `/api/v1/verify/{code}`",
    "`/colleges/{slug}/did.json` and `/colleges/{slug}/statuts/{number}`", "`/calendriers/{feed_secret}.ics`",
    "indicators of a project",
    "venues of the network", "directory of resources", "directory of advisors",
    "clashes of a session that is planned, moved or put back, and of a series that is previewed", "administrator",
)  # fmt: skip
"""The documented exceptions: each has a test here."""


def test_documented_exceptions_are_the_tested_ones() -> None:
    page = Path(ROOT / "docs" / "tenant-exceptions.md").read_text(encoding="utf-8")
    listed = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    assert tuple(listed[1:]) == EXCEPTIONS


def rouyn_words(answer: Any) -> list[str]:
    """Return the canaries of Rouyn in a response."""
    return [w for w in text_of(answer).replace('"', " ").split() if "Rouyn" in w and w.startswith("Canari")]


def owners(access_db: AccessDatabase, statement: str) -> list[Any]:
    """Return the rows of a statement, run as the tables' owner."""
    with access_db.database.engine.connect() as connection:
        return list(connection.exec_driver_sql(statement).all())


def test_sign_in_shows_the_persons_own_name_and_roles(access_db: AccessDatabase) -> None:
    me = access_db.call("dual", f"GET {V1}/me", access_db.places["alma"])
    assert {role["college"] for role in me.json()["roles"]} == {"Collège d’Alma", "Cégep de Rouyn"}
    assert set(me.json()) == {"person_id", "name", "roles"}
    assert rouyn_words(me) == []


def test_sign_in_page_names_services_and_no_person(access_db: AccessDatabase) -> None:
    page = access_db.call("anonymous", "GET /connexion", access_db.places["rouyn"])
    labels = owners(access_db, "select label, issuer from oidc_provider where ended_at is null")
    assert len(labels) > 1
    for label, issuer in labels:
        assert label in page.text
        assert issuer not in page.text
    assert {w for w in owners_words() if w in page.text} == set()


@pytest.mark.parametrize("row", ["GET /invitation/{token}", "GET /mot-de-passe-oublie/{token}"])
def test_page_of_a_mailed_link_names_no_person_of_the_college(access_db: AccessDatabase, row: str) -> None:
    answer = access_db.call("anonymous", row, access_db.places["rouyn"])
    assert answer.status_code == 200
    assert {w for w in owners_words() if w in answer.text} == set()
    addresses = set(re.findall(r"[\w.]+@[\w.]+\w", answer.text))
    sent_to = {access_db.places["rouyn"].ids["address"], "other.participant@escouade.example.com"}
    assert addresses <= sent_to, "the recipient's address, at most"
    assert access_db.changed_tables() == []


def test_open_cohorts_show_the_offers_fields_only(access_db: AccessDatabase) -> None:
    offer = access_db.call("coordinator", f"GET {V1}/cohorts/open", access_db.places["alma"])
    offered = offer.json()["items"]
    assert {row["id"] for row in offered} == {access_db.places[p].ids["cohort"] for p in ("alma", "rouyn")}
    assert {key for row in offered for key in row} == {
        "id", "code", "title", "college", "curriculum_slug", "curriculum_version", "starts_on", "ends_on", "capacity",
        "place", "my_state",
    }  # fmt: skip
    assert rouyn_words(offer) == []


def test_closed_cohort_is_not_found(access_db: AccessDatabase) -> None:
    for row in (f"POST {V1}/cohorts/{{cohort_id}}/applications", "GET /cohortes-ouvertes/{cohort_id}"):
        assert access_db.call("coordinator", row, access_db.places["far"]).status_code == 404


@pytest.mark.parametrize(
    "row", [f"POST {V1}/cohorts/{{cohort_id}}/applications", "POST /cohortes-ouvertes/{cohort_id}"]
)
def test_application_to_another_college_writes_the_actors_own(access_db: AccessDatabase, row: str) -> None:
    answer = access_db.call("participant", row, access_db.places["rouyn"])
    assert answer.status_code in {201, 303}
    assert rouyn_words(answer) == []
    [[person, state]] = owners(access_db, "select person_id, state from enrolment order by id desc limit 1")
    assert (person, state) == (access_db.places["alma"].ids["owner_person"], "applied")
    derived = {"person_word", "progress"}
    assert set(access_db.changed_tables()) - derived == {"application", "enrolment", "enrolment_move", "role_held"}


def test_application_for_another_person_is_refused(access_db: AccessDatabase) -> None:
    row = f"POST {V1}/cohorts/{{cohort_id}}/applications"
    for given in ({"person_id": access_db.places["rouyn"].ids["owner_person"]}, {"college_id": 1}):
        answer = access_db.call("participant", row, access_db.places["rouyn"], json={"motive": "Apprendre.", **given})
        assert answer.status_code == 422
    assert access_db.changed_tables() == []


def test_second_active_enrolment_is_refused_without_naming_the_first(access_db: AccessDatabase) -> None:
    applied = access_db.call("participant", f"POST {V1}/cohorts/{{cohort_id}}/applications", access_db.places["rouyn"])
    asked = {"url": f"{V1}/enrolments/{applied.json()['id']}/moves", "json": {"to": "admitted", "reason": "Exception."}}
    row = f"POST {V1}/enrolments/{{enrolment_id}}/moves"
    answer = access_db.call("manager_elsewhere", row, access_db.places["rouyn"], **asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_enrolled")
    assert "Alma" not in answer.text
    assert "GEN-ALM" not in answer.text


def test_transfer_shows_targets_and_the_receiving_college_nothing_before_consent(access_db: AccessDatabase) -> None:
    alma = access_db.places["alma"]
    targets = access_db.call("coordinator", f"GET {V1}/enrolments/{{enrolment_id}}/transfer-targets", alma)
    assert {key for target in targets.json()["items"] for key in target} == {
        "cohort_id", "college_id", "college", "title", "curriculum_version", "starts_on", "ends_on", "seats_left",
    }  # fmt: skip
    assert {t["cohort_id"] for t in targets.json()["items"]} == {access_db.places[p].cohort for p in ("far", "rouyn")}
    assert rouyn_words(targets) == []
    read = f"GET {V1}/transfers/{{transfer_id}}"
    assert access_db.call("manager_elsewhere", read, alma).status_code == 404
    assert access_db.call("participant", f"POST {V1}/transfers/{{transfer_id}}/consent", alma).status_code == 200
    assert set(access_db.changed_tables()) - {"view_log"} == {"transfer", "notification"}
    assert access_db.call("manager_elsewhere", read, alma).json()["side"] == "receiver"
    row = f"GET {V1}/enrolments/{{enrolment_id}}/moves"
    assert access_db.call("manager_elsewhere", row, alma).status_code == 404, "the file itself stays where it is"


def test_admission_conditions_say_whether_a_path_was_completed_and_nothing_of_where(access_db: AccessDatabase) -> None:
    row = f"GET {V1}/cohorts/{{cohort_id}}/admission-conditions"
    answer = access_db.call("coordinator", row, access_db.places["rouyn"])
    assert set(answer.json()) == {"admission", "paths_before", "is_met"}
    assert rouyn_words(answer) == []
    others = [access_db.places["rouyn"].ids["owner_person"]]
    with access_db.database.engine.begin() as owner:
        done = sa.text("update enrolment set state = 'completed' where person_id = any (:people)")
        assert owner.execute(done, {"people": others}).rowcount > 0
    try:
        for place, expected in (("rouyn", others), ("alma", [])):
            with access_db.database.transaction(colleges=[access_db.places[place].college]) as db:
                asked = db.execute(sa.select(func.who_completed(others, ["generaliste", "specialise"]))).scalars().all()
            assert asked == expected, "of those of one's colleges alone"
    finally:
        access_db.reset()


@pytest.mark.parametrize("row", ["GET /v/{code}", f"GET {V1}/verify/{{code}}"])
def test_verification_shows_the_certificates_fields_only(access_db: AccessDatabase, row: str) -> None:
    answer = access_db.call("anonymous", row, access_db.places["rouyn"])
    assert answer.status_code == 200
    assert {w for w in set(owners_words()) if w in answer.text} == {canary("Legal", "rouyn")}
    if row.startswith("GET /api"):
        assert set(answer.json()) == {
            "state", "issued_on", "number", "kind", "holder", "path_title", "college_name", "recognised_minutes", "ceu",
            "document_sha256",
        }  # fmt: skip


def owners_words() -> list[str]:
    """Return every canary of Rouyn's certificate and person."""
    return [canary(what, "rouyn") for what in ("Nom", "Legal", "Signe", "Personnel", "Raison", "Lieu", "Texte")]


@pytest.mark.parametrize("row", ["GET /v/{code}", f"GET {V1}/verify/{{code}}"])
def test_verification_of_an_ended_certificate_shows_no_name(access_db: AccessDatabase, row: str) -> None:
    with access_db.database.engine.begin() as connection:
        connection.exec_driver_sql("update certificate set state = 'revoked', ended_on = issued_on")
    answer = access_db.call("anonymous", row, access_db.places["rouyn"])
    assert answer.status_code == 200
    assert rouyn_words(answer) == []
    if row.startswith("GET /api"):
        assert set(answer.json()) == {"state", "issued_on", "ended_on"}


def test_calendar_at_a_secret_address_names_no_person(access_db: AccessDatabase) -> None:
    row = "GET /calendriers/{feed_secret}.ics"
    answer = access_db.call("anonymous", row, access_db.places["rouyn"])
    assert answer.status_code == 200
    assert "BEGIN:VCALENDAR" in answer.text
    assert not any(canary(what, "rouyn") in answer.text for what in ("Nom", "Legal", "Motif", "Raison"))
    unknown = access_db.call("anonymous", row, {**access_db.places["rouyn"].ids, "feed_secret": "A" * 43})
    assert unknown.status_code == 404


@pytest.mark.parametrize("row", ["GET /colleges/{slug}/did.json", "GET /colleges/{slug}/statuts/{number}"])
def test_credential_documents_name_no_person(access_db: AccessDatabase, row: str) -> None:
    answer = access_db.call("anonymous", row, access_db.places["rouyn"])
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


def test_indicators_are_counts_with_small_ones_masked(access_db: AccessDatabase) -> None:
    answer = access_db.call("observer", f"GET {V1}/projects/{{project_id}}/indicators", access_db.places["alma"])
    assert answer.status_code == 200
    assert "Canari" not in text_of(answer)
    figures = [n for region in answer.json()["regions"] for n in region.values() if isinstance(n, int)]
    assert [n for n in figures if 0 < n < 5] == []


def test_venues_show_those_of_the_network_and_none_of_another_college(access_db: AccessDatabase) -> None:
    """A venue of Rouyn that becomes the network's is all that Alma reads of Rouyn's venues."""
    with access_db.database.engine.begin() as connection:
        connection.exec_driver_sql("update venue set college_id = null where name = %s", (canary("Salle", "rouyn"),))
    answer = access_db.call("coordinator", f"GET {V1}/venues", access_db.places["alma"])
    shared = [row for row in answer.json()["items"] if row["college_id"] is None]
    assert [row["name"] for row in shared] == [canary("Salle", "rouyn")]
    assert {row["college_id"] for row in answer.json()["items"]} == {None, access_db.places["alma"].college}
    assert [row["may_change"] for row in shared] == [False]


def test_directory_shows_entries_and_neither_who_kept_them_nor_the_corrections_of_others(
    access_db: AccessDatabase,
) -> None:
    """What Alma's people read of an entry of Rouyn; its history and its corrections are Rouyn's."""
    rouyn = access_db.places["rouyn"]
    entry = access_db.call("coordinator", f"GET {V1}/resources/{{resource_id}}", rouyn)
    assert (entry.status_code, entry.json()["college_id"], entry.json()["may_change"]) == (200, rouyn.college, False)
    shown = (f"GET {V1}/resources", f"GET {V1}/resources/{{resource_id}}/corrections", "GET /repertoire/{resource_id}")
    for row in shown:
        assert rouyn_words(access_db.call("coordinator", row, rouyn)) == []
    assert access_db.call("coordinator", f"GET {V1}/resources/{{resource_id}}/history", rouyn).status_code == 404
    waiting = access_db.call("coordinator", f"GET {V1}/resource-corrections", rouyn).json()["items"]
    assert {correction["college_id"] for correction in waiting} == {access_db.places["alma"].college}


def test_directory_of_advisors_shows_those_who_consent_and_nothing_of_their_college(access_db: AccessDatabase) -> None:
    rouyn = access_db.places["rouyn"]
    row = f"GET {V1}/profiles/{{person_id}}"
    shown = access_db.call("coordinator", row, rouyn)
    assert (shown.status_code, shown.json()["name"]) == (200, "Fiche Publiée")
    for read in (row, f"GET {V1}/profiles", "GET /conseillers", "GET /conseillers/{person_id}"):
        assert rouyn_words(access_db.call("coordinator", read, rouyn)) == []
    people = [p["name"] for p in access_db.call("coordinator", f"GET {V1}/profiles", rouyn).json()["items"]]
    assert people == ["Fiche Publiée"], "nobody without consent"


def test_clashes_show_hours_of_those_whom_a_college_knows_and_nothing_of_others(access_db: AccessDatabase) -> None:
    alma, rouyn = (access_db.places[name] for name in ("alma", "rouyn"))
    known, unknown = (
        set(owners(access_db, f"select person_id from enrolment where college_id = {c}"))  # noqa: S608 - ids
        for c in (alma.college, rouyn.college)
    )
    meanwhile = text(
        "select * from busy_meanwhile(cast(:who as int[]), cast(:venue as int),"
        " array[now() - interval '400 days']::timestamptz[], array[now() + interval '400 days']::timestamptz[])"
    )
    with access_db.database.transaction(colleges=[alma.college]) as db:
        of_rouyn = {"who": [id_ for (id_,) in unknown - known], "venue": rouyn.ids["venue"]}
        assert of_rouyn["who"]
        assert db.execute(meanwhile, of_rouyn).all() == []


def test_preview_of_a_series_shows_hours_of_those_whom_a_college_knows_and_logs_it(access_db: AccessDatabase) -> None:
    """Someone who follows Alma's cohort and trains in Rouyn, where a session begins at the hour of the series."""
    alma, rouyn = (access_db.places[name] for name in ("alma", "rouyn"))
    row, url = f"POST {V1}/cohorts/{{cohort_id}}/session-series/preview", f"{V1}/cohorts/{alma.cohort}/session-series"
    series = {"activity_code": "GEN-5.B", "day": SOON, "clock": "10:00:00", "number": 1}
    asked = {"url": f"{url}/preview", "json": series}
    with access_db.database.engine.begin() as owner:
        cleared = text("update scheduled_session set cancelled_at = now() where cohort_id = :cohort")
        owner.execute(cleared, {"cohort": alma.cohort})
    [planned] = access_db.call("coordinator", row, alma, **asked).json()["sessions"]
    with access_db.database.engine.begin() as owner:
        moved = text("update scheduled_session set starts_at = :at, cancelled_at = null where id = :id")
        owner.execute(moved, {"at": planned["starts_at"], "id": rouyn.ids["session"]})
    answer = access_db.call("coordinator", row, alma, **asked)
    [busy] = [c for c in answer.json()["sessions"][0]["clashes"] if c["code"].endswith("_busy")]
    assert (busy["code"], set(busy["params"])) == ("clash_people_busy", {"names", "begins_at", "ends_at"})
    assert rouyn_words(answer) == []
    logged = owners(access_db, "select subject_id, college_id from view_log where what = 'timetable'")
    assert logged == [(access_db.template.people["dual"], alma.college)]


def test_administrator_cannot_read_results(access_db: AccessDatabase) -> None:
    told = " ".join(
        text_of(access_db.call("admin", row, access_db.places["rouyn"]))
        for row in (f"GET {V1}/cohorts", f"GET {V1}/colleges/{{college_id}}/people", "GET /cohortes/{cohort_id}")
    )
    assert canary("Nom", "rouyn") in told
    private = ("Texte", "Note", "Commentaire", "Mandat", "Groupe", "Legal", "Motif")
    assert [what for what in private if canary(what, "rouyn") in told] == []


def test_coordinator_cannot_read_the_reason_of_a_turn(access_db: AccessDatabase) -> None:
    """Outside the group: the coordinator sees that a turn was missed, never why (S4)."""
    row = f"GET {V1}/codev/sessions/{{session_id}}"
    inside, outside = (access_db.call(a, row, access_db.places["alma"]).json() for a in ("facilitator", "coordinator"))
    assert [turn["reason"] for turn in inside["turns"]] == [None, "absence"]
    assert [turn["reason"] for turn in outside["turns"]] == [None, None]
