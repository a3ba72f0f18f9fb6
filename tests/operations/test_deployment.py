"""The state of the deployment as its administrator reads it, by page and by API."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text
from starlette.datastructures import State

from app.deployment import CHECKS
from app.operations.deployment.settings_shown import SECRET, SHOWN
from app.platform.audit.hash_chain import append, verify
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.files.store_size import store_size
from app.platform.messages.outbox import enqueue
from tests.conftest import RING, SITE
from tests.factories.cohorts import page
from tests.factories.network import World, as_

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
