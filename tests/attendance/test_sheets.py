"""The attendance sheet: to sign before the roll is called, as recorded afterwards; each test needs the PDF engine."""

from datetime import timedelta
from io import BytesIO

import pypdf
from fastapi.testclient import TestClient

from app.attendance.calendar.models import ScheduledSession
from app.attendance.sheets.layout import render_sheet
from app.cohorts.enums import EnrolmentState
from app.people.models import Person
from app.platform.database.transaction import Database
from app.platform.documents.document_process import in_document_process
from app.platform.messages.i18n import clock
from tests.factories.attendance import sheet_record
from tests.factories.cohorts import applied, called, meeting, move
from tests.factories.network import PARTICIPANTS, World, as_
from tests.factories.statements import recorded_statements

V1 = "/api/v1"


def text_of(content: bytes) -> str:
    """Return the text of a document in reading order, each run of spaces as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages).split())


def sheet_of(client: TestClient, session_id: int) -> bytes:
    """Return the sheet of a session, downloaded by the API."""
    answer = client.get(f"{V1}/sessions/{session_id}/attendance-sheet")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def test_sheet_to_sign_names_everyone_on_the_roll_with_room_for_hours_and_signatures(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, "trainer")
    content = sheet_of(client, session_id)
    text = text_of(content)
    for shown in ("Feuille de présence à signer", "Karim Haddad", "Maude Bérubé", "Arrivée", "Départ", "Signature"):
        assert shown in text
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(ScheduledSession, session_id)
        hour = clock(row.starts_at, row.timezone).replace("\u00a0", " ")
    assert f"de {hour} à" in text.replace("\u00a0", " ")
    assert "Notées par" not in text
    assert sheet_of(client, session_id) == content
    page = client.get(f"/seances/{session_id}/feuille")
    assert page.content == content
    assert page.headers["cache-control"] == "no-store"


def test_sheet_as_recorded_says_each_presence_and_who_recorded_and_corrected_it(
    client: TestClient, database: Database, world: World
) -> None:
    session_id = meeting(database, world)
    first = called(database, world, session_id, absent=("karim",))
    as_(client, database, world, "coordinator")
    roll = client.get(f"{V1}/sessions/{session_id}/roll-call").json()
    lines = [
        {k: e[k] for k in ("enrolment_id", "status", "minutes", "mode", "arrived_at", "left_at")}
        for e in roll["entries"]
    ]
    place = next(n for n, e in enumerate(roll["entries"]) if e["name"] == "Karim Haddad")
    with database.transaction(colleges=[world.alma]) as db:
        row = db.get_one(ScheduledSession, session_id)
        arrived = row.starts_at + timedelta(minutes=25)
        hour = clock(arrived, row.timezone).replace("\u00a0", " ")
    lines[place] = {
        "enrolment_id": lines[place]["enrolment_id"], "status": "late", "mode": "phone",
        "arrived_at": arrived.isoformat(),
    }  # fmt: skip
    sent = {"entries": lines, "supersedes": first, "reason": "Karim a téléphoné."}
    assert client.post(f"{V1}/sessions/{session_id}/roll-call", json=sent).status_code == 201
    with recorded_statements(database) as statements:
        content = sheet_of(client, session_id)
    assert sum("FROM roll_call_entry" in statement for statement in statements) == 1, "the lines in force alone"
    text = text_of(content).replace("\u00a0", " ")
    assert "Relevé des présences" in text
    assert f"Karim Haddad Retard Par téléphone {hour} – 155" in text
    assert "Maude Bérubé Présence Sur place – – 180" in text
    assert "Notées par Théo Formation" in text
    assert "Corrigées par Corinne Coordination" in text
    assert "téléphoné" not in text, "a reason may be a confidence: it stays on the page"
    assert "Signature" not in text


def test_sheet_of_a_session_to_come_names_the_people_admitted_too_and_its_roll_does_not(
    client: TestClient, database: Database, world: World
) -> None:
    """Printed the day before the cohort begins; once the session has begun, it is for those who joined."""
    begun, coming = meeting(database, world), meeting(database, world, days=40)
    move(database, world, applied(database, world), EnrolmentState.ADMITTED)
    with database.transaction(colleges=[world.alma]) as db:
        name = db.get_one(Person, world.people["nobody"]).name
    as_(client, database, world, "trainer")
    roll = client.get(f"{V1}/sessions/{coming}/roll-call").json()
    assert len(roll["entries"]) == len(PARTICIPANTS)
    to_sign = text_of(sheet_of(client, coming))
    assert name in to_sign
    assert "Maude Bérubé" in to_sign
    assert name not in text_of(sheet_of(client, begun))


def test_sheet_of_a_cancelled_session_is_refused(client: TestClient, database: Database, world: World) -> None:
    session_id = meeting(database, world)
    as_(client, database, world, "coordinator")
    path = f"{V1}/sessions/{session_id}"
    assert client.post(f"{path}/cancellation", json={"reason": "Tempête."}).status_code == 201
    refused = client.get(f"{path}/attendance-sheet")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_cancelled")
    assert f"/seances/{session_id}/feuille" not in client.get(f"/seances/{session_id}").text


def test_sheet_of_many_people_takes_several_pages_that_each_name_their_columns() -> None:
    """Forty people, of whom some have letters that only the font for names has; tagged for screen readers."""
    record = sheet_record(40, is_called=False)
    content = in_document_process(render_sheet, record)
    reader = pypdf.PdfReader(BytesIO(content))
    with_names = [text for page in reader.pages if record.entries[0].name[:5] in (text := page.extract_text())]
    assert len(with_names) >= 2
    assert all("Signature" in text for text in with_names)
    assert all(entry.name.split()[-1] in text_of(content) for entry in record.entries)
    assert (reader.root_object.get("/MarkInfo"), reader.root_object.get("/Lang")) == ({"/Marked": True}, "fr-CA")
    assert in_document_process(render_sheet, record) == content
