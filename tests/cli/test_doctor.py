"""``escouade doctor``: what it prints, its JSON, a database that cannot be reached."""

import json
from datetime import timedelta

from sqlalchemy import text

from app.deployment import CHECKS
from app.platform.clock import at, now
from app.platform.database.transaction import Addresses, Database
from app.platform.jobs.upkeep import append_to_chain
from app.platform.messages.outbox import enqueue
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.factories.network import World


def test_doctor_progress_that_matches_the_facts_succeeds(escouade: Escouade, database: Database) -> None:
    done = escouade(database, "doctor", "--progress")
    assert "✓ Progression recalculée" in done.out


def test_doctor_reports_tampered_progress(escouade: Escouade, database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        tamper = text(
            "update progress set body = jsonb_set(body, '{recognised_minutes}', '1') where enrolment_id = :id"
        )
        owner.execute(tamper, {"id": world.enrolments["maude"]})
    done = escouade(database, "doctor", "--progress")
    assert done.status == 1
    assert "✗ Progression recalculée" in done.out
    maude = f"La progression de l’inscription {world.enrolments['maude']} n’est pas ce que donnent ses faits."
    assert [line.strip() for line in done.out.splitlines() if "inscription" in line] == [maude]


def test_doctor_says_what_waits_since_when_and_what_to_type(escouade: Escouade, database: Database) -> None:
    assert "✓ Lettres" in escouade(database, "doctor").out
    with database.transaction() as db:
        with at(now() - timedelta(minutes=16)):
            enqueue(db, "zoe@alma.example.com", "password_changed")
        enqueue(db, "zoe@alma.example.com", "password_changed")
    done = escouade(database, "doctor")
    assert done.status == 1
    lines = done.out.splitlines()
    start = lines.index("✗ Lettres")
    assert lines[start + 1].startswith("    2 lettres attendent depuis plus d’un quart d’heure")
    assert lines[start + 2].startswith("    depuis le ")
    assert lines[start + 3] == "    → escouade worker"


def test_doctor_reports_an_unreachable_database_and_runs_the_other_checks(escouade: Escouade) -> None:
    away = Database(Addresses("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    done = escouade(away, "doctor", "--progress")
    assert done.status == 1
    assert done.out.count("La base de données ne répond pas") == 1
    assert "– Tables et droits" in done.out
    assert "– Progression recalculée" in done.out
    assert "✓ Parcours et référentiel" in done.out
    assert done.err == ""


def test_doctor_json_is_the_report(escouade: Escouade, database: Database) -> None:
    append_to_chain(database, RING)  # however long ago the network was made
    done = escouade(database, "doctor", "--json")
    report = json.loads(done.out)
    assert report.keys() == {"format", "version", "at", "status", "checks"}
    assert [check["name"] for check in report["checks"]] == [check.name for check in CHECKS]
    failing = {check["name"]: check["findings"] for check in report["checks"] if not check["ok"]}
    assert (done.status, report["status"], list(failing)) == (1, "degraded", ["workers"])
    [finding] = failing["workers"]
    assert (finding["code"], finding["command"], finding["since"]) == ("no_worker", "escouade worker", None)


def test_doctor_before_the_migrations_prints_no_traceback(escouade: Escouade, empty: Database) -> None:
    with empty.engine.begin() as owner:
        owner.execute(text("drop function claims cascade"))
        owner.execute(text("drop function backlog"))
        owner.execute(text("update alembic_version set version_num = '0001'"))
    done = escouade(empty, "doctor")
    assert (done.status, done.err) == (1, "")
    lines = done.out.splitlines()
    start = lines.index("✗ Tables et droits")
    assert lines[start + 2] == "    → escouade migrate"
    assert [line[0] for line in lines[start + 3 : start + 5]] == ["–", "–"]
    assert "CheckFailed" not in done.out


def test_doctor_with_unsafe_settings_makes_no_connection(escouade: Escouade, database: Database) -> None:
    done = escouade(database, "doctor", environment="production")
    assert done.status == 1
    assert "✗ Réglages" in done.out
    assert "✓ Base de données" in done.out.replace("–", "✓")
    assert "✓ Tables et droits" not in done.out
