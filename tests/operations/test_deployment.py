"""The state of the deployment as its administrator reads it, by page and by API."""

import shutil
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from app.deployment import CHECKS
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.outbox import enqueue
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
