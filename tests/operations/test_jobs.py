"""Background jobs as the administrator sees them, and a failed one that runs again."""

from fastapi.testclient import TestClient
from sqlalchemy import text

from app.features import JOBS
from app.platform.database.transaction import Database
from tests.factories.cohorts import page
from tests.factories.engine import fail_job, statuses, tamper
from tests.factories.network import World, as_

API = "/api/v1/operations"
PAGE = "/administration/travaux"


def test_jobs_without_a_worker_say_so_and_name_every_kind(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    status = client.get(f"{API}/jobs").json()
    assert {job.name for job in JOBS} <= {kind["name"] for kind in status["kinds"]}
    assert status["workers"] == []
    html = page(client.get(PAGE))
    assert "Aucun processus de travaux de fond" in html
    assert "Aucun travail en échec." in html


def test_jobs_show_workers_with_their_last_sign_of_life(client: TestClient, database: Database, world: World) -> None:
    tamper(
        database,
        "insert into worker (id, name, host, pid, version, seen_at) values"
        " (gen_random_uuid(), 'alive', 'machine-1', 41, '1.0', now()),"
        " (gen_random_uuid(), 'silent', 'machine-2', 42, '1.0', now() - interval '4 minutes')",
    )
    as_(client, database, world, "admin")
    html = page(client.get(PAGE))
    assert (html.count("En marche"), html.count("Silencieux")) == (1, 1)
    assert "machine-2" in html


def test_late_jobs_say_since_when(client: TestClient, database: Database, world: World) -> None:
    tamper(
        database,
        "insert into procrastinate_jobs (queue_name, task_name, scheduled_at)"
        " values ('upkeep', 'sweep_rows', now() - interval '1 hour')",
    )
    as_(client, database, world, "admin")
    html = page(client.get(PAGE))
    assert html.count("En retard") == 1


def test_failed_job_runs_again_and_is_recorded(client: TestClient, database: Database, world: World) -> None:
    failed = fail_job(database)
    as_(client, database, world, "admin")
    [job] = client.get(f"{API}/failed-jobs").json()["items"]
    assert (job["id"], job["name"], job["row_id"], job["error"]) == (failed, "sweep_files", 7, "OSError")
    assert client.post(f"{API}/failed-jobs/{failed}/retries").status_code == 204
    assert statuses(database, "sweep_files") == ["todo"]
    assert client.post(f"{API}/failed-jobs/{failed}/retries").status_code == 404
    with database.engine.connect() as owner:
        entry = owner.execute(
            text("select actor_id, permission, subject_id from audit_entry where subject = 'queue.procrastinate_jobs'")
        ).one()
    assert tuple(entry) == (world.people["admin"], "service:operate", failed)


def test_failed_job_of_another_version_is_shown_by_its_own_name(
    client: TestClient, database: Database, world: World
) -> None:
    failed = fail_job(database, "former_job")
    as_(client, database, world, "admin")
    assert "former_job" in page(client.get(PAGE))
    assert client.post(f"{PAGE}/{failed}/reprise").headers["location"] == PAGE
    assert statuses(database, "former_job") == ["todo"]
