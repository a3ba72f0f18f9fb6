"""Whoever opens someone's file leaves a row that the person reads: every door, every export, or nothing is shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError

from app.cohorts import service as cohorts
from app.identity.roles.service import grant_role
from app.learning.field_hours.models import FieldHours
from app.learning.hand_ins.models import HandIn
from app.platform.audit.access_log import DAILY, HALF_DAY
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.documents import blob_store as files
from app.platform.security.permissions import GRANTS, P, Role
from app.reports import service as reports
from tests.factories import eligible as story
from tests.factories.network import PARTICIPANTS, STARTED, World, acting, as_

API = "/api/v1"

NOT_A_FILE = {
    "GET /cohortes-ouvertes/{cohort_id}": "a cohort's offer",
    "GET /cohortes/{cohort_id}/seances": "a cohort's calendar",
    "GET /api/v1/cohorts/{cohort_id}": "a cohort",
    "GET /api/v1/cohorts/{cohort_id}/enrolments": "a list of names with their states",
    "GET /api/v1/cohorts/{cohort_id}/sessions": "a cohort's calendar",
    "GET /seances/{session_id}/annulation": "a session",
    "GET /seances/{session_id}/appel": "a session's roll: names, who was there that day",
    "GET /api/v1/sessions/{session_id}/roll-call": "a session's roll: names, who was there that day",
    "GET /mandats/{mandate_id}": "an enterprise's mandate",
    "GET /api/v1/mandates/{mandate_id}": "an enterprise's mandate",
    "GET /api/v1/enterprises/{enterprise_id}": "an enterprise",
    "GET /codev/groupes/{group_id}": "a group's calendar and members",
    "GET /codev/seances/{session_id}": "a session's roles and minutes, nothing that was said",
    "GET /api/v1/codev/groups/{group_id}": "a group's calendar and members",
    "GET /api/v1/codev/sessions/{session_id}": "a session's roles and minutes, nothing that was said",
    "GET /api/v1/codev/sessions/{session_id}/rotation": "whose turn it is",
    "GET /api/v1/colleges/{college_id}/people": "a list of names with their roles",
    "GET /api/v1/colleges/{college_id}/certificates": "a register: names and numbers",
    "GET /api/v1/colleges/{college_id}/certificate-batches": "a register: who decided, when, how many",
    "GET /api/v1/colleges/{college_id}/certificate-livery": "a college's logo and colours",
    "GET /api/v1/colleges/{college_id}/signatories": "who signs, on every certificate",
    "GET /api/v1/colleges/{college_id}/invitations": "letters to addresses; who took one up has a file of their own",
    "GET /colleges/{college_id}/invitations": "letters to addresses; who took one up has a file of their own",
    "GET /api/v1/colleges/{college_id}/oidc-providers": "a college's own sign-in",
    "GET /colleges/{college_id}/connexion": "a college's own sign-in",
    "GET /api/v1/colleges/{college_id}/employer-attestations": "a list; each whom it names has a row (TestEmployer)",
    "GET /api/v1/revocations/{revocation_id}": "read by the holder alone",
    "GET /api/v1/projects/{project_id}/indicators": "aggregates; small numbers are masked",
}
"""Doors with a number in their path that open nobody's file, and what they open."""

READERS = (Role.TRAINER, Role.COORDINATOR, Role.REGISTRAR, Role.ADMIN)
"""Who opens a door: the first whose role holds its permission."""


def doors(site: FastAPI) -> Iterator[tuple[str, Any]]:
    """Every page and answer whose path holds a number, with its route."""
    for context in iter_route_contexts(site.routes):
        path = context.path or ""
        if "GET" in (context.methods or ()) and re.search(r"_id\}", path):
            yield f"GET {path}", context


@dataclass
class Records:
    """Maude's file: what each number in a path stands for."""

    ids: dict[str, int | str] = field(default_factory=dict)


@pytest.fixture
def records(database: Database, world: World, settings: Settings, client: TestClient) -> Records:
    """A whole file: hand-ins (one a file), hours, judgements, a certificate."""
    story.sign(database, world)
    story.achieve(database, world, "maude")
    sha = files.store(settings.data_dir, b"%PDF-1.7 essai")
    with database.transaction(colleges=[world.alma]) as db:
        row = HandIn(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-1.C", attempt=9,
            received_at=now(), received_from=world.people["maude"], file_name="carte.pdf",
            file_type="application/pdf", file_size=14, file_sha256=sha,
        )  # fmt: skip
        waiting = FieldHours(
            college_id=world.alma, enrolment_id=world.enrolments["maude"], activity_code="GEN-8.A", minutes=30,
            worked_on=STARTED, declared_at=now(), declared_by=world.people["maude"],
        )  # fmt: skip
        db.add_all((row, waiting))
        db.flush()
        judgement = db.execute(text("select min(id) from judgement")).scalar_one()
        hand_in = row.id
    as_(client, database, world, "registrar")
    issued = client.post(
        f"{API}/enrolments/{world.enrolments['maude']}/certificates", json={"kind": "attestation_participation"}
    )
    assert issued.status_code == 201, issued.text
    with database.engine.begin() as owner:
        batch = owner.execute(
            text(
                "insert into batch (college_id, decided_by, decided_at, finished_at) "
                "select college_id, decided_by, decided_at, decided_at from certificate returning id"
            )
        ).scalar_one()
        owner.execute(
            text(
                "insert into batch_item (college_id, batch_id, enrolment_id, kind, certificate_id) "
                "select college_id, :batch, enrolment_id, kind, id from certificate"
            ),
            {"batch": batch},
        )
        owner.execute(text("truncate view_log"))
    return Records(
        {
            "enrolment_id": world.enrolments["maude"],
            "cohort_id": world.cohort,
            "college_id": world.alma,
            "person_id": world.people["maude"],
            "certificate_id": issued.json()["id"],
            "batch_id": batch,
            "judgement_id": judgement,
            "hand_in_id": hand_in,
            "code": "GEN-1.C",
            "competency": "CN-01",
            "kind": "attestation_reussite",
        }
    )


def views(database: Database, subject: int | None = None) -> list[Any]:
    where = "" if subject is None else " where subject_id = :subject"
    with database.engine.connect() as owner:
        return list(owner.execute(text(f"select * from view_log{where} order by id"), {"subject": subject}))  # noqa: S608


def permission_of(context: Any) -> P:
    from tests.access.test_every_route_is_guarded import guards  # noqa: PLC0415

    [guard] = guards(context.dependant)
    found: P = guard.permission  # type: ignore[attr-defined]
    return found


# Every door -------------------------------------------------------------------------------------


def test_every_door_to_a_file_leaves_a_row(
    client: TestClient, site: FastAPI, database: Database, world: World, records: Records
) -> None:
    """A new route with a number in its path must leave one, or be told apart above."""
    silent, asked = [], 0
    for name, context in doors(site):
        if name in NOT_A_FILE:
            continue
        assert set(re.findall(r"\{(\w+)\}", name)) <= records.ids.keys(), f"{name}: a file, or not?"
        permission = permission_of(context)
        as_(client, database, world, next(role for role in READERS if permission in GRANTS[role]).value)
        with database.engine.begin() as owner:
            owner.execute(text("truncate view_log"))
        answer = client.get(name.removeprefix("GET ").format(**records.ids))
        assert answer.status_code == 200, f"{name}: {answer.text[:300]}"
        rows = views(database, world.people["maude"])
        asked += 1
        if [row.permission for row in rows] != [permission.value]:
            silent.append((name, len(rows)))
    assert silent == []
    assert asked >= 25


def test_every_door_left_out_is_there(site: FastAPI) -> None:
    assert NOT_A_FILE.keys() <= {name for name, _ in doors(site)}


def test_nobody_is_told_of_their_own_reading(
    client: TestClient, site: FastAPI, database: Database, world: World, records: Records
) -> None:
    as_(client, database, world, "maude")
    opened = 0
    for name, _ in doors(site):
        if set(re.findall(r"\{(\w+)\}", name)) <= records.ids.keys():
            opened += client.get(name.removeprefix("GET ").format(**records.ids)).status_code == 200
    assert opened >= 15
    assert views(database, world.people["maude"]) == []


# What a row says --------------------------------------------------------------------------------


def path_of(client: TestClient, world: World, **headers: str) -> Response:
    return client.get(f"{API}/enrolments/{world.enrolments['maude']}/progress", headers=headers)


def test_who_what_when_in_which_role(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    before = now()
    assert path_of(client, world).status_code == 200
    [row] = views(database)
    assert (row.viewer_id, row.subject_id, row.college_id) == (
        world.people["trainer"], world.people["maude"], world.alma,
    )  # fmt: skip
    assert (row.permission, row.role, row.what, row.origin) == ("progress:read", "trainer", "progress", "testclient")
    assert before <= row.at <= now()


def test_an_answer_that_the_reader_already_holds_counts(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    etag = path_of(client, world).headers["etag"]
    assert path_of(client, world, **{"If-None-Match": etag}).status_code == 304
    assert len(views(database)) == 2


def test_a_role_is_the_one_that_opened_the_file(client: TestClient, database: Database, world: World) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["registrar"], Role.TRAINER, college_id=world.alma)
        grant_role(db, world.people["registrar"], Role.COORDINATOR, college_id=world.rouyn)
    as_(client, database, world, "registrar")
    client.get(f"{API}/enrolments/{world.enrolments['maude']}/certificates")
    assert [row.role for row in views(database)] == ["registrar"]


def test_a_refused_reader_leaves_no_view(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "other_trainer")
    assert path_of(client, world).status_code == 404
    assert views(database) == []


def test_a_view_that_cannot_be_written_shows_nothing(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    with database.engine.begin() as owner:
        owner.execute(text("revoke insert on view_log from escouade_app"))
    with pytest.raises(ProgrammingError):
        path_of(client, world)
    as_(client, database, world, "maude")
    assert path_of(client, world).status_code == 200


# Lists and exports ------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".csv", ".xlsx"])
def test_an_export_is_a_row_for_each_person(client: TestClient, database: Database, world: World, suffix: str) -> None:
    as_(client, database, world, "coordinator")
    for _ in range(2):
        assert client.get(f"{API}/cohorts/{world.cohort}/progress-report{suffix}").status_code == 200
    found = [(row.subject_id, row.what, row.role) for row in views(database)]
    assert sorted(found) == sorted(2 * [(world.people[who], "report", "coordinator") for who in PARTICIPANTS])


def test_an_export_of_many_is_one_statement(client: TestClient, database: Database, world: World) -> None:
    seen: list[str] = []

    def remember(*args: object) -> None:
        seen.append(str(args[2]))

    as_(client, database, world, "coordinator")
    event.listen(database.engine, "before_cursor_execute", remember)
    client.get(f"{API}/cohorts/{world.cohort}/progress-report")
    event.remove(database.engine, "before_cursor_execute", remember)
    assert [s.split()[0] for s in seen if "view_log" in s] == ["insert"]
    assert len(views(database)) == len(PARTICIPANTS)


def test_behind_no_route_nobody_is_shown_anything(database: Database, world: World) -> None:
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.REPORT_COHORT)
        reports.cohort_report(db, actor, cohorts.see_cohort(db, actor, world.cohort))
    assert views(database) == []


def test_a_board_counts_once_a_half_day(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    for _ in range(3):
        assert client.get(f"/cohortes/{world.cohort}").status_code == 200
    assert [row.what for row in views(database)] == [Part.BOARD] * len(PARTICIPANTS)
    as_(client, database, world, "trainer")
    assert client.get(f"{API}/cohorts/{world.cohort}/board").status_code == 200
    assert len(views(database)) == 2 * len(PARTICIPANTS), "another reader is another view"
    with database.engine.begin() as owner:
        owner.execute(text("update view_log set at = at - :half_day"), {"half_day": HALF_DAY})
    as_(client, database, world, "coordinator")
    assert client.get(f"/cohortes/{world.cohort}").status_code == 200
    assert len(views(database)) == 3 * len(PARTICIPANTS)
    assert Part.BOARD in DAILY


def test_only_those_who_are_shown_are_told(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert client.get(f"{API}/cohorts/{world.cohort}/board", params={"search": "berube"}).status_code == 200
    assert {row.subject_id for row in views(database)} == {world.people["maude"]}


def test_applications_tell_their_people(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert client.get(f"{API}/cohorts/{world.cohort}/applications").status_code == 200
    assert {(row.subject_id, row.what) for row in views(database)} == {
        (world.people[who], "application") for who in PARTICIPANTS
    }


# The person reads it ----------------------------------------------------------------------------


def opened_by_all(client: TestClient, database: Database, world: World) -> None:
    for who in ("trainer", "coordinator", "registrar"):
        as_(client, database, world, who)
        assert path_of(client, world).status_code == 200


def test_the_person_reads_who_saw_their_file(client: TestClient, database: Database, world: World) -> None:
    opened_by_all(client, database, world)
    as_(client, database, world, "maude")
    page = client.get("/mon-dossier/consultations")
    assert page.status_code == 200
    for words in ("Théo Formation", "Corinne Coordination", "Régine Registraire", "Votre progression", "Alma"):
        assert words in page.text
    found = client.get(f"{API}/me/views").json()
    assert [(v["viewer"], v["role"], v["what"]) for v in found["items"]] == [
        ("Régine Registraire", "registrar", "progress"),
        ("Corinne Coordination", "coordinator", "progress"),
        ("Théo Formation", "trainer", "progress"),
    ]
    assert found["next"] is None


def test_a_page_at_a_time(client: TestClient, database: Database, world: World) -> None:
    opened_by_all(client, database, world)
    as_(client, database, world, "maude")
    first = client.get(f"{API}/me/views", params={"limit": 2}).json()
    rest = client.get(f"{API}/me/views", params={"limit": 2, "after": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    page = client.get("/mon-dossier/consultations", params={"avant": first["next"]})
    assert "Théo Formation" in page.text
    assert "Régine Registraire" not in page.text
    assert "Il n’y a rien de plus ancien" in client.get("/mon-dossier/consultations", params={"avant": 1}).text


def test_nobody_reads_it_for_another(client: TestClient, database: Database, world: World) -> None:
    opened_by_all(client, database, world)
    for who in ("karim", "trainer", "admin", "other_coordinator"):
        as_(client, database, world, who)
        assert client.get(f"{API}/me/views").json()["items"] == []
    with database.transaction() as db:
        assert db.execute(text("select count(*) from view_log")).scalar_one() == 0


def test_someone_who_left_still_reads_it(client: TestClient, database: Database, world: World) -> None:
    opened_by_all(client, database, world)
    with database.engine.begin() as owner:
        owner.execute(text("update role_held set ended_at = now() where person_id = :p"), {"p": world.people["maude"]})
    as_(client, database, world, "maude")
    assert len(client.get(f"{API}/me/views").json()["items"]) == 3
