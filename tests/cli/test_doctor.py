"""``escouade doctor``: database roles, progress against its facts, e-mail, an unreachable database."""

from datetime import timedelta

from sqlalchemy import text

from app.platform.clock import at, now
from app.platform.database.login_role import role_reasons
from app.platform.database.transaction import Addresses, Database
from app.platform.messages.outbox import enqueue
from tests.cli.conftest import Escouade, url_of
from tests.factories.network import World


def test_owner_as_login_role_is_reported_whatever_its_rights(database: Database) -> None:
    assert role_reasons(database.addresses.url) == []
    [reason] = role_reasons(url_of(database))
    assert reason.code in {"database_superuser", "database_owner"}


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


def test_doctor_counts_messages_that_wait_too_long(escouade: Escouade, database: Database) -> None:
    assert "✓ Courriel" in escouade(database, "doctor").out
    with database.transaction() as db:
        with at(now() - timedelta(minutes=16)):
            enqueue(db, "zoe@alma.example.com", "password_changed")
        enqueue(db, "zoe@alma.example.com", "password_changed")
    done = escouade(database, "doctor")
    assert done.status == 1
    assert "✗ Courriel\n    1 lettre attend depuis plus d’un quart d’heure" in done.out


def test_doctor_names_a_mail_server_that_does_not_answer(escouade: Escouade, database: Database) -> None:
    done = escouade(database, "doctor", smtp_url="smtp://127.0.0.1:1")
    assert done.status == 1
    assert "✗ Courriel\n    Le serveur de courriel 127.0.0.1 ne répond pas." in done.out


def test_doctor_reports_an_unreachable_database_and_runs_the_other_checks(escouade: Escouade) -> None:
    away = Database(Addresses("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    done = escouade(away, "doctor", "--progress")
    assert done.status == 1
    assert done.out.count("La base de données ne répond pas") == 2
    assert "✓ Parcours et référentiel" in done.out
    assert done.err == ""
