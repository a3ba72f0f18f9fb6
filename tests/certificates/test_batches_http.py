"""Batches over HTTP and as pages: the preview, the decision, the progress, the downloads."""

import io
import zipfile

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.factories.batches import batch_context, process_pending
from tests.factories.bulk_clone import make_eligible
from tests.factories.network import World, as_

API = "/api/v1"


@pytest.fixture
def people(client: TestClient, database: Database, world: World) -> list[int]:
    """Three enrolments that are ready; the registrar is signed in."""
    enrolment_ids = make_eligible(database, world, 3)
    as_(client, database, world, "registrar")
    return enrolment_ids


def batch_command(people: list[int]) -> dict[str, object]:
    return {"items": [{"enrolment_id": id_, "kind": "attestation_participation"} for id_ in people]}


def test_from_the_preview_to_the_archive(
    client: TestClient, database: Database, world: World, settings: Settings, people: list[int]
) -> None:
    batches = f"{API}/colleges/{world.alma}/certificate-batches"
    preview = client.get(f"{batches}/preview", params={"cohort_id": world.cohort, "kind": "attestation_participation"})
    ready = [{"enrolment_id": line["enrolment_id"], "kind": line["kind"]} for line in preview.json()["ready"]]
    assert ready == batch_command(people)["items"]
    assert all(line["why"] for line in preview.json()["left_out"])
    decided = client.post(batches, json={"items": ready}, headers={"Idempotency-Key": "lot-1"})
    assert decided.status_code == 201
    assert decided.json()["progress"]["waiting"] == 3
    again = client.post(batches, json={"items": ready}, headers={"Idempotency-Key": "lot-1"})
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", decided.json())
    url = f"{API}/certificate-batches/{decided.json()['id']}"
    early = client.get(f"{url}/archive")
    assert (early.status_code, early.json()["code"]) == (409, "batch_unfinished")
    process_pending(batch_context(database, settings))
    view = client.get(url).json()
    assert (view["progress"]["done"], view["finished_at"] is not None) == (3, True)
    assert [b["id"] for b in client.get(batches).json()["items"]] == [view["id"]]
    archive = client.get(f"{url}/archive")
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert opened.namelist() == [*(f"{item['number']}.pdf" for item in view["items"]), "register.csv"]
    data = client.get(f"{url}/register.csv", params={"format": "donnees"}).text
    assert data.count("attestation_participation") == 3
    assert client.get(f"{url}/register.xlsx").content.startswith(b"PK")
    nothing = client.post(f"{url}/resumptions")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "batch_whole")


def test_archive_download_is_logged_for_each_person(
    client: TestClient, database: Database, world: World, settings: Settings, people: list[int]
) -> None:
    decided = client.post(f"{API}/colleges/{world.alma}/certificate-batches", json=batch_command(people)).json()
    process_pending(batch_context(database, settings))
    with database.engine.begin() as owner:
        owner.execute(text("truncate view_log"))
    client.get(f"{API}/certificate-batches/{decided['id']}/archive")
    with database.engine.connect() as connection:
        entries = connection.execute(text("select count(*) from view_log where what = 'certificate'")).scalar_one()
    assert entries == 3


@pytest.mark.parametrize("items", [[], [{"enrolment_id": 1}], [{"enrolment_id": 1, "kind": "aec"}], "1", None])
def test_malformed_batch_is_refused(client: TestClient, world: World, people: list[int], items: object) -> None:
    answer = client.post(f"{API}/colleges/{world.alma}/certificate-batches", json={"items": items})
    assert answer.status_code == 422, people


@pytest.mark.parametrize("item", ["", "1", "1:aec", "0:attestation_participation", "x:attestation_participation"])
def test_malformed_checkbox_is_refused(client: TestClient, world: World, people: list[int], item: str) -> None:
    answer = client.post(f"/colleges/{world.alma}/attestations/lots", data={"item": item})
    assert answer.status_code == 422, people


def test_batch_pages_show_preview_decision_and_progress(
    client: TestClient, database: Database, world: World, settings: Settings, people: list[int]
) -> None:
    assert f"/colleges/{world.alma}/attestations/lots" in client.get(f"/colleges/{world.alma}/attestations").text
    page = client.get(f"/colleges/{world.alma}/attestations/lots", params={"cohorte": ""}).text
    assert page.count('name="item"') == 3
    assert "3 documents prêts" in page
    item = [f"{id_}:attestation_participation" for id_ in people]
    decided = client.post(f"/colleges/{world.alma}/attestations/lots", data={"item": item})
    location = decided.headers["location"]
    page = client.get(location).text
    for expected in ("0 sur 3", "La délivrance est en cours", "Actualiser", 'data-hx-trigger="every 3s"', "À délivrer"):
        assert expected in page
    assert "/archive" not in page
    process_pending(batch_context(database, settings))
    page = client.get(location).text
    assert "3 sur 3" in page
    assert f"/api/v1/certificate-batches/{location.rsplit('/', 1)[1]}/archive" in page
    assert "hx-trigger" not in page
    assert "Reprendre" not in page
    assert location in client.get(f"/colleges/{world.alma}/attestations/lots").text


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_takes_a_fixed_number_of_queries(
    client: TestClient, database: Database, world: World, people: list[int], size: int
) -> None:
    from sqlalchemy import event  # noqa: PLC0415

    decided = client.post(f"{API}/colleges/{world.alma}/certificate-batches", json=batch_command(people[:size])).json()
    statements: list[str] = []
    event.listen(database.request_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get(f"{API}/certificate-batches/{decided['id']}")
    client.get(f"{API}/colleges/{world.alma}/certificate-batches")
    assert len([statement for statement in statements if "batch" in statement]) == 5, statements
