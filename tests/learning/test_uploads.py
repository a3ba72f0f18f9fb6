"""Files sent in parts: a line that is cut loses the last part alone; what is handed in is what one request gives."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.cohorts.enums import CohortState
from app.identity.roles.service import grant_role
from app.learning.jobs import sweep_uploads
from app.learning.uploads.rules import LARGEST_AT_ONCE, LIFETIME, PART_BYTES
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.jobs.upkeep import sweep_files
from app.platform.messages.i18n import today
from app.platform.security.permissions import Role
from tests.factories.activities import row_counts
from tests.factories.cohorts import set_state
from tests.factories.full_disk import largest_file
from tests.factories.learning import PDF
from tests.factories.network import World, as_
from tests.factories.photos import heic

API = "/api/v1"
PART = {"Content-Type": "application/octet-stream"}
CONTENT = PDF + os.urandom(2 * PART_BYTES + 5)
HALF = 700_000


def declared(content: bytes = CONTENT, name: str = "Ma carte.pdf", **other: object) -> dict[str, object]:
    """Return the declaration of a file."""
    return {"file_name": name, "file_size": len(content), "file_sha256": hashlib.sha256(content).hexdigest(), **other}


def start(client: TestClient, world: World, body: dict[str, object] | None = None, who: str = "maude") -> Response:
    return client.post(f"{API}/enrolments/{world.enrolments[who]}/uploads", json=body or declared())


def send(client: TestClient, upload: int, offset: int, content: bytes) -> Response:
    headers = {**PART, "Upload-Offset": str(offset)}
    return client.patch(f"{API}/uploads/{upload}", content=content, headers=headers)


def send_all(client: TestClient, upload: int, content: bytes = CONTENT, received: int = 0) -> dict[str, Any]:
    """Send what is missing of a file, half a megabyte and more at a time; return the last answer."""
    while received < len(content):
        answer = send(client, upload, received, content[received : received + HALF])
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        received = shown["received"]
    return shown


def hand_in(client: TestClient, world: World, code: str = "GEN-1.C", **named: object) -> Response:
    return client.post(
        f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files", data={"activity_code": code, **named}
    )


def test_file_whose_line_was_cut_goes_on_where_it_stopped(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    begun = start(client, world)
    assert begun.status_code == 201
    upload = begun.json()["id"]
    assert begun.headers["location"] == f"{API}/uploads/{upload}"
    assert (begun.json()["received"], begun.json()["state"]) == (0, "receiving")
    assert send(client, upload, 0, CONTENT[:HALF]).json()["received"] == HALF
    # The line is cut; the device knows nothing more of the upload than the file, or than its address.
    resumed = start(client, world)
    assert (resumed.status_code, resumed.json()["id"], resumed.json()["received"]) == (200, upload, HALF)
    asked = client.head(f"{API}/uploads/{upload}")
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == (str(HALF), str(len(CONTENT)))
    assert send_all(client, upload, received=HALF)["state"] == "whole"
    made = hand_in(client, world, upload_id=upload)
    assert (made.status_code, made.json()["file_name"], made.json()["file_size"]) == (201, "Ma carte.pdf", len(CONTENT))
    assert client.get(f"{API}/hand-ins/{made.json()['id']}/file").content == CONTENT
    whole = {"file": ("Ma carte.pdf", CONTENT, "application/pdf")}
    again = client.post(
        f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files", data={"activity_code": "GEN-1.C"}, files=whole
    )
    assert (again.status_code, again.json()) == (200, made.json()), "sent whole, it is the same hand-in"


def test_part_that_does_not_follow_is_refused_and_says_where_to_go_on(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    upload = start(client, world).json()["id"]
    send(client, upload, 0, CONTENT[:HALF])
    for offset in (0, HALF - 1, HALF + 1):
        refused = send(client, upload, offset, b"abc")
        assert (refused.status_code, refused.json()["code"]) == (409, "upload_offset")
        assert refused.json()["errors"][0]["params"] == {"received": HALF}
    assert send(client, upload, HALF, b"").json()["errors"][0]["code"] in {"part_empty", "missing"}
    too_large = send(client, upload, HALF, bytes(PART_BYTES + 1))
    assert (too_large.status_code, too_large.json()["errors"][0]["code"]) == (422, "part_too_large")
    small = start(client, world, declared(b"abc", "note.txt")).json()["id"]
    beyond = send(client, small, 0, b"abcd")
    assert (beyond.status_code, beyond.json()["errors"][0]["code"]) == (422, "part_beyond_the_end")
    assert client.get(f"{API}/uploads/{upload}").json()["received"] == HALF
    wrong = {"/uploads/1": {"Upload-Offset": "x"}, f"/uploads/{upload}": {}}
    for address, headers in wrong.items():
        assert client.patch(API + address, content=b"abc", headers={**PART, **headers}).status_code in {404, 422}
    as_json = client.patch(f"{API}/uploads/{upload}", json=[1], headers={"Upload-Offset": str(HALF)})
    assert as_json.status_code == 415


def test_same_part_sent_eight_times_at_once_is_kept_once(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    upload = start(client, world).json()["id"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(client, upload, 0, CONTENT[:HALF]), range(8)))
    assert sorted({a.status_code for a in answers}) == [200, 409]
    assert client.get(f"{API}/uploads/{upload}").json()["received"] == HALF


def test_file_that_is_not_what_was_declared_is_damaged_and_begun_anew(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    upload = start(client, world).json()["id"]
    altered = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    assert send_all(client, upload, altered)["state"] == "damaged"
    refused = hand_in(client, world, upload_id=upload)
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("upload_id", "upload_damaged")]
    assert send(client, upload, len(CONTENT), b"a").status_code == 409
    anew = start(client, world)
    assert (anew.status_code, anew.json()["received"]) == (201, 0)
    unfinished = hand_in(client, world, upload_id=anew.json()["id"])
    assert [(e["field"], e["code"]) for e in unfinished.json()["errors"]] == [("upload_id", "upload_unfinished")]
    assert row_counts(database, world)["hand_in"] == 0


def test_what_could_not_be_handed_in_is_refused_before_it_is_sent(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    cases: list[tuple[dict[str, object], str, str]] = [
        (declared(name="outil.exe"), "file_name", "file_type_refused"),
        (declared(file_size=10_000_001), "file_size", "file_too_large"),
        (declared(file_size=0), "file_size", "greater_than_equal"),
        (declared(file_sha256="x"), "file_sha256", "value_error"),
    ]
    for body, field, code in cases:
        refused = start(client, world, body)
        assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [(field, code)]
    for n in range(LARGEST_AT_ONCE):
        assert start(client, world, declared(f"{n}".encode(), file_size=10_000_000)).status_code == 201
    full = start(client, world)
    assert [(e["field"], e["code"]) for e in full.json()["errors"]] == [("file_size", "too_many_uploads")]
    with at(now() + LIFETIME):
        assert start(as_(client, database, world, "maude"), world).status_code == 201


def test_photo_sent_in_parts_is_kept_as_one_sent_whole(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    photo = heic()
    upload = start(client, world, declared(photo, "IMG_0412.HEIC")).json()["id"]
    for offset in range(0, len(photo), 200):
        send(client, upload, offset, photo[offset : offset + 200])
    made = hand_in(client, world, "GEN-1.B", upload_id=upload)
    assert (made.status_code, made.json()["file_name"]) == (201, "IMG_0412.jpg")
    whole = {"file": ("IMG_0412.HEIC", photo, "image/heic")}
    again = client.post(
        f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files", data={"activity_code": "GEN-1.B"}, files=whole
    )
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


@pytest.mark.parametrize("who", ["karim", "trainer", "coordinator", "other_participant"])
def test_upload_of_someone_else_is_not_found(client: TestClient, database: Database, world: World, who: str) -> None:
    upload = start(as_(client, database, world, "maude"), world).json()["id"]
    as_(client, database, world, who)
    expected = 404 if who in world.enrolments else 403
    assert client.get(f"{API}/uploads/{upload}").status_code == expected
    assert send(client, upload, 0, b"abc").status_code == expected
    if expected == 404:
        own = client.post(
            f"{API}/enrolments/{world.enrolments[who]}/hand-in-files",
            data={"activity_code": "GEN-1.C", "upload_id": upload},
        )
        assert own.status_code == 404
        assert own.content == client.get(f"{API}/uploads/999999").content


def test_upload_is_gone_after_a_day_and_its_parts_are_swept(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    as_(client, database, world, "maude")
    upload = start(client, world).json()["id"]
    send(client, upload, 0, CONTENT[:HALF])
    assert sweep_uploads(database) == 0
    with at(now() + LIFETIME):
        as_(client, database, world, "maude")
        expired = send(client, upload, HALF, b"abc")
        assert (expired.status_code, expired.json()["code"]) == (410, "upload_expired")
        assert start(client, world).status_code == 201
    with database.engine.begin() as owner:
        owner.execute(
            text("update upload set created_at = created_at - interval '1 day' where id = :id"), {"id": upload}
        )
    assert sweep_uploads(database) == 1
    files = FolderStore(settings.data_dir)
    part = hashlib.sha256(CONTENT[:HALF]).hexdigest()
    assert files.exists(part)
    sweep_files(database, files, age=timedelta(seconds=-5))
    assert not files.exists(part)


def test_part_that_finds_no_room_leaves_nothing(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    upload = start(client, world).json()["id"]
    with largest_file(100_000):
        refused = send(client, upload, 0, CONTENT[:HALF])
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_full")
    assert "retry-after" in refused.headers
    assert client.get(f"{API}/uploads/{upload}").json()["received"] == 0
    assert send_all(client, upload)["state"] == "whole"


def test_form_hands_in_a_file_that_was_sent_in_parts_and_says_what_is_wrong(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    page = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C"
    shown = client.get(page).text
    assert f'data-uploads="{API}/enrolments/{world.enrolments["maude"]}/uploads"' in shown
    assert "uploads.js" in shown
    upload = start(client, world).json()["id"]
    refused = client.post(f"{page}/fichiers", data={"upload_id": upload})
    assert (refused.status_code, "pas encore reçu en entier" in refused.text) == (422, True)
    send_all(client, upload)
    late = client.post(f"{page}/fichiers", data={"upload_id": upload, "completed_at": "2099-01-01T10:00"})
    assert (late.status_code, "Cette date est à venir" in late.text) == (422, True)
    twice = client.post(f"{page}/fichiers", data={"upload_id": upload}, files={"file": ("a.pdf", PDF)})
    assert (twice.status_code, "mais pas les deux" in twice.text) == (422, True)
    assert client.post(f"{page}/fichiers", data={"upload_id": upload}).status_code == 303
    assert "Ma carte.pdf" in client.get(page).text
    assert row_counts(database, world)["hand_in"] == 1


def test_upload_of_another_enrolment_of_the_same_person_is_not_found(
    client: TestClient, database: Database, world: World
) -> None:
    """Someone who left a cohort and follows another: what was sent for one is not handed in for the other."""
    as_(client, database, world, "karim")
    upload = start(client, world, who="karim").json()["id"]
    send_all(client, upload)
    as_(client, database, world, "coordinator")
    fields = {
        "project_id": world.project,
        "region_code": "02",
        "code": "GEN-2",
        "title": "Autre",
        "place": "Alma",
        "curriculum_slug": "generaliste",
    }
    other = {**fields, "starts_on": today().isoformat(), "curriculum_version": "1.0"}
    made = client.post(f"{API}/colleges/{world.alma}/cohorts", json=other)
    assert made.status_code == 201, made.text
    cohort = made.json()["id"]
    move = "update enrolment set person_id = :maude, cohort_id = :cohort, state = 'withdrawn' where id = :id"
    with database.engine.begin() as owner:
        ids = {"maude": world.people["maude"], "cohort": cohort, "id": world.enrolments["karim"]}
        owner.execute(text(move), ids)
    as_(client, database, world, "maude")
    assert client.get(f"{API}/uploads/{upload}").json()["state"] == "whole"
    assert hand_in(client, world, upload_id=upload).status_code == 404


def start_document(client: TestClient, cohort: int, body: dict[str, object] | None = None) -> Response:
    return client.post(f"{API}/cohorts/{cohort}/document-uploads", json=body or declared())


def send_document(client: TestClient, upload: int, offset: int, content: bytes) -> Response:
    headers = {**PART, "Upload-Offset": str(offset)}
    return client.patch(f"{API}/document-uploads/{upload}", content=content, headers=headers)


def share(client: TestClient, cohort: int, **fields: object) -> Response:
    data = {"title": "Les cinq règles", **fields}
    return client.post(f"{API}/cohorts/{cohort}/activities/GEN-1.B/documents", data=data)


def test_file_of_a_document_whose_line_was_cut_goes_on_and_is_shared(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    begun = start_document(client, world.cohort)
    assert begun.status_code == 201, begun.text
    upload = begun.json()["id"]
    assert begun.headers["location"] == f"{API}/document-uploads/{upload}"
    assert send_document(client, upload, 0, CONTENT[:HALF]).json()["received"] == HALF
    unfinished = share(client, world.cohort, upload_id=upload)
    assert [(e["field"], e["code"]) for e in unfinished.json()["errors"]] == [("upload_id", "upload_unfinished")]
    resumed = start_document(client, world.cohort)
    assert (resumed.status_code, resumed.json()["id"], resumed.json()["received"]) == (200, upload, HALF)
    asked = client.head(f"{API}/document-uploads/{upload}")
    assert asked.headers["upload-offset"] == str(HALF)
    received = HALF
    while received < len(CONTENT):
        received = send_document(client, upload, received, CONTENT[received : received + HALF]).json()["received"]
    shared = share(client, world.cohort, upload_id=upload)
    assert (shared.status_code, shared.json()["file_name"]) == (201, "Ma carte.pdf"), shared.text
    assert client.get(f"{API}/documents/{shared.json()['id']}/file").content == CONTENT
    twice = client.post(
        f"{API}/cohorts/{world.cohort}/activities/GEN-1.B/documents",
        data={"title": "Deux fois", "upload_id": upload}, files={"file": ("a.pdf", PDF)},
    )  # fmt: skip
    assert [(e["field"], e["code"]) for e in twice.json()["errors"]] == [("file", "file_sent_twice")]


def test_upload_of_a_document_is_its_sender_s_own_and_of_its_cohort(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    of_work = start(client, world).json()["id"]
    as_(client, database, world, "coordinator")
    others = start_document(client, world.cohort, declared(PDF)).json()["id"]
    as_(client, database, world, "trainer")
    own = start_document(client, world.cohort, declared(PDF)).json()["id"]
    assert own != others, "the same file of another person is another upload"
    for upload in (others, of_work, 999999):
        assert client.get(f"{API}/document-uploads/{upload}").status_code == 404
        assert send_document(client, upload, 0, PDF).status_code == 404
        assert share(client, world.cohort, upload_id=upload).status_code == 404
    assert client.get(f"{API}/uploads/{own}").status_code == 403
    as_(client, database, world, "maude")
    assert client.get(f"{API}/uploads/{own}").status_code == 404
    assert hand_in(client, world, upload_id=own).status_code == 404
    as_(client, database, world, "other_trainer")
    assert start_document(client, world.cohort).status_code == 404


def test_upload_of_a_document_is_shared_in_its_cohort_alone_and_not_in_an_archived_one(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        grant_role(db, world.people["trainer"], Role.TRAINER, college_id=world.rouyn, cohort_id=world.other_cohort)
    as_(client, database, world, "trainer")
    elsewhere = start_document(client, world.other_cohort, declared(PDF)).json()["id"]
    assert send_document(client, elsewhere, 0, PDF).json()["state"] == "whole"
    assert share(client, world.cohort, upload_id=elsewhere).status_code == 404
    assert share(client, world.other_cohort, upload_id=elsewhere).status_code == 201
    set_state(database, world, CohortState.ARCHIVED)
    assert start_document(client, world.cohort).json()["code"] == "cohort_archived"


def test_page_of_documents_sends_its_files_in_parts(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    upload = start_document(client, world.cohort, declared(PDF, "Règles.pdf")).json()["id"]
    assert send_document(client, upload, 0, PDF).json()["state"] == "whole"
    path = f"/cohortes/{world.cohort}/activites/GEN-1.B/documents"
    shown = client.get(path).text
    assert f'data-uploads="{API}/cohorts/{world.cohort}/document-uploads"' in shown
    assert "uploads.js" in shown
    assert "L’envoi reprendra de lui-même" in shown
    typed = {"title": "Les règles", "body": "", "link": ""}
    refused = client.post(path, data={**typed, "upload_id": 999999})
    assert refused.status_code == 404
    assert client.post(path, data={**typed, "upload_id": upload}).status_code == 303
    assert "Règles.pdf" in client.get(path).text
