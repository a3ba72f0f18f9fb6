"""A bucket that is away: requests get 503 ``storage_away`` with Retry-After and leave nothing, jobs wait for it."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.address import Bucket
from app.platform.jobs.job import JobContext, Queue, RowJob
from app.platform.jobs.queue import enqueue
from tests.factories import eligible
from tests.factories.engine import running_engine, statuses
from tests.factories.network import World, as_
from tests.factories.s3_server import S3Server, keeping_in
from tests.factories.waiting import wait_until

API = "/api/v1"
PDF = b"%PDF-1.7 essai"


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    """An empty bucket, whose requests are given half a second."""
    return s3.bucket(seconds=0.5)


@pytest.fixture
def settings(settings: Settings, bucket: Bucket) -> Settings:
    """Settings that keep files in the bucket."""
    return keeping_in(bucket, settings)


def kept(s3: S3Server, bucket: Bucket) -> list[bytes]:
    return [path.read_bytes() for path in (s3.folder / bucket.name).rglob("*") if path.is_file()]


def test_hand_in_while_the_bucket_is_away_is_refused_and_leaves_neither_file_nor_row(
    client: TestClient, database: Database, world: World, s3: S3Server, bucket: Bucket
) -> None:
    as_(client, database, world, "maude")
    path = f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files"
    sent = {"file": ("carte.pdf", PDF, "application/pdf")}
    s3.stop()
    answer = client.post(path, data={"activity_code": "GEN-1.C"}, files=sent)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "storage_away", "5")
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from hand_in")).scalar_one() == 0
    s3.start()
    assert kept(s3, bucket) == []
    made = client.post(path, data={"activity_code": "GEN-1.C"}, files=sent)
    assert (made.status_code, kept(s3, bucket)) == (201, [PDF])
    read = f"{API}/hand-ins/{made.json()['id']}/file"
    assert client.get(read).content == PDF
    s3.stop()
    away = client.get(read)
    assert (away.status_code, away.json()["code"], away.headers["Retry-After"]) == (503, "storage_away", "5")


def test_page_of_a_hand_in_while_the_bucket_is_away_says_so(
    client: TestClient, database: Database, world: World, s3: S3Server
) -> None:
    as_(client, database, world, "maude")
    s3.stop()
    path = f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C/fichiers"
    page = client.post(path, files={"file": ("carte.pdf", PDF, "application/pdf")})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Le dépôt de fichiers ne répond pas" in page.text


def test_changed_byte_of_a_file_in_the_bucket_is_refused(
    client: TestClient, database: Database, world: World, s3: S3Server, bucket: Bucket
) -> None:
    as_(client, database, world, "maude")
    path = f"{API}/enrolments/{world.enrolments['maude']}/hand-in-files"
    sent = {"file": ("carte.pdf", PDF, "application/pdf")}
    made = client.post(path, data={"activity_code": "GEN-1.C"}, files=sent).json()
    [file] = [path for path in (s3.folder / bucket.name).rglob("*") if path.is_file()]
    file.write_bytes(PDF.replace(b"essai", b"eSsai"))
    answer = client.get(f"{API}/hand-ins/{made['id']}/file")
    assert (answer.status_code, answer.json()["code"]) == (503, "file_unavailable")


def test_changed_byte_of_a_certificate_is_refused(
    client: TestClient, database: Database, world: World, s3: S3Server, bucket: Bucket
) -> None:
    """A document is drawn."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    body = {"kind": "attestation_participation"}
    issued = client.post(f"{API}/enrolments/{world.enrolments['maude']}/certificates", json=body).json()
    path = f"{API}/certificates/{issued['id']}/pdf"
    assert client.get(path).status_code == 200
    [file] = [path for path in (s3.folder / bucket.name).rglob("*") if path.is_file()]
    file.write_bytes(file.read_bytes() + b"x")
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "certificate_lost")


def test_job_waits_for_the_bucket_and_counts_no_failure(
    database: Database, settings: Settings, s3: S3Server, bucket: Bucket
) -> None:
    """It is tried again every few seconds."""
    tried: list[int] = []

    def run(context: JobContext, id_: int) -> None:
        tried.append(id_)
        context.files.store(b"contenu")

    job = RowJob("trial", run, lambda _: (), Queue.DOCUMENTS)
    with database.as_owner() as db:
        enqueue(db, job, [1])
    s3.stop()
    with running_engine(database, settings, job):
        wait_until(lambda: len(tried) > 1)
        with database.engine.connect() as owner:  # a job that succeeds takes its failures along
            assert owner.execute(text("select count(*) from queue.failure")).scalar_one() == 0
        s3.start()
        wait_until(lambda: statuses(database, "trial") == [])
    assert kept(s3, bucket) == [b"contenu"]
