"""The state of the deployment as its administrator reads it, by page and by API."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from starlette.datastructures import State

from app.deployment import CHECKS
from app.operations.deployment.settings_shown import SECRET, SHOWN
from app.platform.audit.hash_chain import append, verify
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.address import Bucket
from app.platform.files.bucket import BucketStore
from app.platform.files.folder import FolderStore
from app.platform.files.store import Stored, digest, path_of
from app.platform.files.store_size import MOST_LISTED, store_size
from app.platform.messages.outbox import enqueue
from tests.conftest import RING, SITE
from tests.factories.cohorts import page
from tests.factories.network import World, as_
from tests.factories.s3_server import S3Server, keeping_in

CHECKS_API = "/api/v1/operations/checks"


def states(client: TestClient) -> dict[str, Any]:
    """Return each check by its name."""
    return {check["name"]: check for check in client.get(CHECKS_API).json()["checks"]}


def test_checks_of_a_sound_service_name_every_check(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    found = states(client)
    assert list(found) == [check.name for check in CHECKS if check.is_quick] + [
        check.name for check in CHECKS if not check.is_quick
    ]
    assert {name for name, check in found.items() if check["state"] == "by_command"} == {
        check.name for check in CHECKS if not check.is_quick
    }


@pytest.mark.usefixtures("sealed_record")
def test_checks_with_a_late_letter_say_since_when_and_what_to_do(
    client: TestClient, database: Database, world: World
) -> None:
    written = now() - timedelta(hours=3)
    with at(written), database.transaction() as db:
        enqueue(db, "lea@escouade.example.com", "password_changed")
    as_(client, database, world, "admin")
    check = states(client)["letters"]
    [finding] = check["findings"]
    assert (check["state"], check["critical"], finding["code"]) == ("failing", False, "letters_wait")
    assert finding["command"] == "escouade worker"
    assert finding["since"].startswith(f"{written:%Y-%m-%dT%H:%M}")
    html = page(client.get("/administration/verifications"))
    assert "1 vérification demande votre attention." in html
    assert "<code>escouade worker</code>" in html
    for path in ("/", "/administration"):
        assert "1 vérification demande votre attention." in page(client.get(path))


def test_checks_that_keep_the_service_from_serving_stand_out(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    as_(client, database, world, "admin")
    shutil.rmtree(settings.data_dir, ignore_errors=True)
    settings.data_dir.write_text("")  # a file where the folder should be
    answer = client.get(CHECKS_API).json()
    assert answer["status"] == "failing"
    assert 'class="notice late"' in page(client.get("/administration"))


def test_settings_in_force_show_no_secret(client: TestClient, database: Database, world: World, tmp_path: Path) -> None:
    secrets = {
        "database_url": "postgresql://app:canary-one@db.example.com/escouade",
        "database_owner_url": "postgresql://owner:canary-two@db.example.com/escouade",
        "database_jobs_url": "postgresql://owner:canary-six@db.example.com:6432/escouade",
        "s3_access_key": "canary-seven",
        "s3_secret_key": "canary-eight",
        "smtp_url": "smtp://user:canary-three@mail.example.com:587?starttls",
        "metrics_token": "canary-four-of-twenty-characters",
        "signing": {"alma": {"pkcs12": "Y2FuYXJ5", "passphrase": "canary-five"}},
    }
    chosen = Settings.model_validate({"data_dir": tmp_path, "base_url": SITE, "pool_size": 7, **secrets})
    state = client.app.state._state  # type: ignore[attr-defined]
    client.app.state = State({**state, "settings": chosen})  # type: ignore[attr-defined]
    as_(client, database, world, "admin")
    answer = client.get("/api/v1/operations/settings")
    html = page(client.get("/administration/reglages"))
    for shown in (answer.text, html):
        assert "canary" not in shown
        assert "Y2FuYXJ5" not in shown
        assert "ESCOUADE_SMTP_URL" in shown
    items = {item["variable"]: item for item in answer.json()["items"]}
    assert items.keys() == {f"ESCOUADE_{name.upper()}" for name in Settings.model_fields}
    assert items["ESCOUADE_POOL_SIZE"]["value"] == "7"
    assert (items["ESCOUADE_POOL_SIZE"]["is_default"], items["ESCOUADE_IDLE_HOURS"]["is_default"]) == (False, True)
    hidden = {variable for variable, item in items.items() if item["is_secret"]}
    assert hidden == {f"ESCOUADE_{name.upper()}" for name in secrets}
    assert all(items[variable]["is_set"] and items[variable]["value"] is None for variable in hidden)


def test_every_setting_is_shown_or_secret() -> None:
    assert not SHOWN & SECRET
    assert Settings.model_fields.keys() == SHOWN | SECRET


def test_record_shows_the_end_of_the_chain_that_verification_takes(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "admin")
    with database.as_owner() as db:
        sealed = append(db, RING, whole=True)
    found = client.get("/api/v1/operations/record").json()
    assert found["links"] == sealed > 0
    with database.as_owner() as db:
        report = verify(db, RING, [found["anchor"]])
    assert (report.violations, report.anchor) == ([], found["anchor"])
    assert found["anchor"] in page(client.get("/administration/registre"))


def test_record_counts_what_is_not_sealed(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    with database.engine.connect() as owner:
        entries = owner.execute(text("select count(*) from audit_entry")).scalar_one()
    found = client.get("/api/v1/operations/record").json()
    assert (found["links"], found["anchor"], found["unsealed"]) == (0, None, entries)
    assert found["unsealed_since"]


def test_storage_counts_files_and_room(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    for n in range(3):
        FolderStore(settings.data_dir).store(b"x" * 1000 + bytes([n]))
    as_(client, database, world, "admin")
    found = client.get("/api/v1/operations/storage").json()
    assert (found["files"], found["bytes"], found["is_estimate"], found["is_writable"]) == (3, 3003, False, True)
    assert 0 < found["free"] <= found["total"]
    assert "3 fichiers" in page(client.get("/administration/fichiers"))


def test_size_of_many_files_is_an_estimate(tmp_path: Path) -> None:
    for n in range(600):
        FolderStore(tmp_path).store(str(n).encode().ljust(10))
    exact, estimate = store_size(FolderStore(tmp_path)), store_size(FolderStore(tmp_path), most=200)
    assert (exact.files, exact.bytes, exact.is_estimate) == (600, 6000, False)
    assert estimate.is_estimate
    assert 400 < estimate.files < 900
    assert abs(estimate.bytes - estimate.files * 10) < 10


def test_size_of_a_bucket_with_many_files_is_an_estimate(s3: S3Server) -> None:
    bucket = s3.bucket()
    for n in range(600):
        path = s3.folder / bucket.name / path_of(digest(str(n).encode()))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
    exact, estimate = store_size(BucketStore(bucket)), store_size(BucketStore(bucket), most=200)
    assert (exact.files, exact.bytes, exact.is_estimate) == (600, 6000, False)
    assert estimate.is_estimate
    assert 400 < estimate.files < 900
    assert abs(estimate.bytes - estimate.files * 10) < 10


def test_size_of_a_bucket_is_estimated_from_a_bounded_number_of_files() -> None:
    """What comes after the last file that counts is not asked for: it is on another page of the listing."""
    read = 0

    class Endless(BucketStore):
        def listings(self) -> Iterator[Iterator[Stored]]:
            yield self._endless()

        @staticmethod
        def _endless() -> Iterator[Stored]:
            nonlocal read
            for n in count():
                read += 1
                yield Stored(path_of(f"{n * 2**10:08x}".ljust(64, "0")), 10)

    size = store_size(Endless(Bucket("fichiers", None, "ca-central-1", "a", "b", 1)))
    assert (read, size.is_estimate) == (MOST_LISTED, True)
    assert abs(size.files - 2**22) < 2**22 / 1000


def test_storage_in_a_bucket_counts_its_files_and_shows_no_disk(
    client: TestClient, database: Database, world: World, *, s3: S3Server, settings: Settings, site: FastAPI
) -> None:
    bucket = s3.bucket()
    BucketStore(bucket).store(b"x" * 1000)
    FolderStore(settings.data_dir).store(b"elsewhere")
    site.state.settings = keeping_in(bucket, settings)
    as_(client, database, world, "admin")
    found = client.get("/api/v1/operations/storage").json()
    assert (found["files"], found["bytes"], found["is_writable"], found["is_bucket"]) == (1, 1000, True, True)
    assert (found["free"], found["total"], bucket.name in found["folder"]) == (None, None, True)
    shown = page(client.get("/administration/fichiers"))
    assert "1 fichier<" in shown
    assert "Dépôt S3" in shown
    assert "Place libre" not in shown


def test_storage_in_a_bucket_that_does_not_answer_says_so(
    client: TestClient, database: Database, world: World, *, s3: S3Server, settings: Settings, site: FastAPI
) -> None:
    site.state.settings = keeping_in(replace(s3.bucket(seconds=0.5), name="no-such-bucket"), settings)
    as_(client, database, world, "admin")
    found = client.get("/api/v1/operations/storage").json()
    assert (found["files"], found["bytes"], found["is_writable"]) == (None, None, False)
    assert "ce qui range les fichiers ne répond pas" in page(client.get("/administration/fichiers"))
