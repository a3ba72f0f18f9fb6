"""One's own file of codevelopment, for a professional order: dates, roles and minutes, and no content."""

from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.codev.groups.models import CodevGroup
from app.codev.own_file.layout import render_file
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import RecordCommand
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort
from app.people.models import Person
from app.platform.database.transaction import Database
from app.platform.documents.document_process import in_document_process
from tests.factories.codev import (
    FIRST,
    assign_roles,
    close_record,
    create_group,
    membership_ids,
    plan_session,
    presences,
    turn,
)
from tests.factories.codev_file import codev_file
from tests.factories.cohorts import page, set_state
from tests.factories.network import World, as_

API = "/api/v1/me/codev-file"


def text_of(content: bytes) -> str:
    """Return the text of a document in reading order, each run of spaces as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages).split())


@pytest.fixture
def held(database: Database, world: World) -> list[int]:
    """Hold two sessions of a group, and a third below its quorum; Maude is client of the first, Karim of the others."""
    group = create_group(database, world)
    who = membership_ids(group)
    ids = [
        plan_session(database, world, group.id, code, FIRST + timedelta(days=n))
        for n, code in enumerate(("GEN-7.A", "GEN-7.B", "GEN-7.C"))
    ]
    assign_roles(database, world, ids[0], (who["maude"], who["karim"]))
    close_record(database, world, ids[0], RecordCommand(entries=presences(group), turns=(turn(who["maude"]),)))
    entries = presences(group, minutes=170)
    close_record(database, world, ids[1], RecordCommand(entries=entries, turns=(turn(who["karim"]),)))
    alone = presences(group, absent=(who["elise"], who["yves"]))
    put_off = (turn(who["karim"], TurnStatus.POSTPONED, TurnReason.QUORUM),)
    close_record(database, world, ids[2], RecordCommand(entries=alone, turns=put_off))
    return ids


def test_own_file_has_dates_roles_and_minutes_of_sessions_that_counted(
    client: TestClient, database: Database, world: World, held: list[int]
) -> None:
    as_(client, database, world, "maude")
    file = client.get(API).json()
    assert [(s["session_id"], s["minutes"], s["facilitator"]) for s in file["sessions"]] == [
        (held[1], 170, "Flavie Animation"), (held[0], 180, "Flavie Animation"),
    ]  # fmt: skip
    assert [[r["role"] for r in s["roles"]] for s in file["sessions"]] == [["consultant"], ["client"]]
    assert file["minutes"] == 350
    assert [(y["year"], y["sessions"], y["member_minutes"]) for y in file["years"]] == [(FIRST.year, 2, 350)]
    assert file["colleges"] == ["Collège d’Alma"]
    shown = page(client.get("/codev/mon-dossier"))
    assert "Personne consultante" in shown
    assert "/codev/mon-dossier/pdf" in shown
    assert "/codev/mon-dossier" in client.get("/codev").text


def test_own_file_is_limited_to_a_year_or_to_two_days(
    client: TestClient, database: Database, world: World, held: list[int]
) -> None:
    as_(client, database, world, "maude")
    second = (FIRST + timedelta(days=1)).date()
    only = client.get(API, params={"since": str(second), "until": str(second)}).json()
    assert [s["session_id"] for s in only["sessions"]] == [held[1]]
    assert only["minutes"] == 170
    before = client.get(API, params={"year": FIRST.year - 1}).json()
    assert (before["sessions"], before["all_years"]) == ([], [FIRST.year])
    assert len(client.get(API, params={"year": FIRST.year}).json()["sessions"]) == 2
    shown = client.get("/codev/mon-dossier", params={"annee": FIRST.year - 1, "du": "", "au": ""})
    assert "Aucune séance dans cette période" in shown.text
    assert f'<option value="{FIRST.year}">' in shown.text
    chosen = client.get("/codev/mon-dossier", params={"du": str(second), "au": ""}).text
    assert f"/codev/mon-dossier/pdf?du={second}" in chosen


def test_own_file_of_a_facilitator_counts_the_sessions_that_they_led(
    client: TestClient, database: Database, world: World, held: list[int]
) -> None:
    as_(client, database, world, "facilitator")
    file = client.get(API).json()
    assert [(s["session_id"], s["minutes"], s["facilitated"]) for s in file["sessions"]] == [
        (held[1], 170, True), (held[0], 180, True),
    ]  # fmt: skip
    assert file["roles"] == [{"role": "facilitator", "sessions": 2, "consultations": 2}]
    assert [(y["member_minutes"], y["facilitated_minutes"]) for y in file["years"]] == [(0, 350)]
    as_(client, database, world, "coordinator")
    assert client.get(API).json()["sessions"] == [], "of nobody else"


def test_own_file_covers_a_cohort_that_was_archived(
    client: TestClient, database: Database, world: World, held: list[int]
) -> None:
    set_state(database, world, CohortState.ARCHIVED)
    as_(client, database, world, "maude")
    assert [s["session_id"] for s in client.get(API).json()["sessions"]] == [held[1], held[0]]


def test_pdf_of_ones_own_file_names_no_group_and_nobody_but_oneself_and_the_facilitator(
    client: TestClient, database: Database, world: World, held: list[int]
) -> None:
    """It needs the PDF engine."""
    with database.as_owner() as db:
        db.exec(select(CodevGroup)).one().name = "Les irréductibles"
        title = db.exec(select(Cohort.title).where(Cohort.id == world.cohort)).one()
        others = db.exec(select(Person).where(col(Person.id).in_([world.people[w] for w in ("karim", "elise")]))).all()
        names = [person.name for person in others]
    as_(client, database, world, "maude")
    answer = client.get(f"{API}/pdf", params={"year": FIRST.year})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    text = text_of(answer.content).replace("\u00a0", " ")
    for shown in (
        "Dossier de codéveloppement professionnel", "Maude Bérubé", "Flavie Animation", "350 minutes",
        "Personne cliente", "Collège d’Alma", "Pour le collège : nom, fonction, signature et date",
        "Nommer un apprentissage transférable",
    ):  # fmt: skip
        assert shown in text
    for hidden in ("Les irréductibles", title, *names):
        assert hidden not in text
    assert client.get(f"/codev/mon-dossier/pdf?annee={FIRST.year}").content == answer.content


def test_pdf_of_many_sessions_takes_several_pages_that_each_name_their_columns() -> None:
    """Forty sessions, some led by people whose letters only the font for names has; tagged for screen readers."""
    content = in_document_process(render_file, codev_file(40))
    reader = pypdf.PdfReader(BytesIO(content))
    with_rows = [text for page in reader.pages if "155" in (text := page.extract_text())]
    assert len(with_rows) >= 2
    assert all("Animation" in text for text in with_rows)
    assert (reader.root_object.get("/MarkInfo"), reader.root_object.get("/Lang")) == ({"/Marked": True}, "fr-CA")
    assert in_document_process(render_file, codev_file(40)) == content
