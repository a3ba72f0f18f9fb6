"""Each check, broken once: what ``/health/ready`` and ``escouade doctor`` say of it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, text
from starlette.datastructures import State

from app.deployment import CHECKS, PROGRESS, prepare
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database import rights
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import Unavailable
from app.platform.messages.i18n import explain, job_name
from app.platform.messages.outbox import enqueue
from app.platform.observability import storage
from app.platform.observability.checks import CheckContext, Finding, run_checks
from app.platform.observability.checkup import UNSEEN_SECONDS, Checkup
from app.platform.security.keyring import KeyPurpose, new_keyring, save
from tests.conftest import RING
from tests.factories.network import World
from tests.factories.s3_server import S3Server, keeping_in

BY_NAME = {check.name: check for check in (*CHECKS, PROGRESS)}
OF_THE_DATABASE = [BY_NAME[name] for name in ("keyring", "database", "owner", "role", "schema", "claims", "secrets")]
AWAY = Addresses("postgresql+psycopg://nobody@127.0.0.1:1/none")
TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def chosen(settings: Settings) -> Settings:
    """Return the settings of a deployment with its own server, whose keyring is that of the tests."""
    save(settings.keyring_file, RING)
    return settings.model_copy(update={"database_url": "postgresql+psycopg://somewhere/else"})


def findings(name: str, chosen: Settings, addresses: Addresses | None) -> tuple[Finding, ...] | None:
    """Return what one check finds."""
    [result] = run_checks(chosen, addresses, [BY_NAME[name]]).results
    for finding in result.findings or ():
        assert explain(finding.reason)
    return result.findings


def codes(name: str, chosen: Settings, addresses: Addresses | None) -> list[str]:
    """Return the codes of what one check finds."""
    return [finding.reason.code for finding in findings(name, chosen, addresses) or ()]


def execute(database: Database, *statements: str, **values: object) -> None:
    """Run statements as the owner."""
    with database.engine.begin() as owner:
        for statement in statements:
            owner.execute(text(statement), values)


@pytest.mark.usefixtures("sealed_record")
def test_sound_deployment_fails_no_check_but_that_no_worker_runs(database: Database, chosen: Settings) -> None:
    report = run_checks(chosen, database.addresses, [check for check in CHECKS if check.name not in {"pdf", "fonts"}])
    assert report.failing == []
    assert report.degraded == ["workers"]
    assert all(result.findings is not None for result in report.results)


def test_checks_of_the_database_are_not_run_while_it_is_away(chosen: Settings) -> None:
    report = run_checks(chosen, AWAY, CHECKS)
    assert report.failing == ["database"]
    assert {r.check.name for r in report.results if r.findings is None} >= {"schema", "claims", "letters", "workers"}
    assert codes("database", chosen, AWAY) == ["database_away"]


def test_database_is_asked_on_a_connection_of_its_own(database: Database, chosen: Settings) -> None:
    """When every connection of the pool is taken, the checks still answer."""
    with ExitStack() as taken:
        for _ in range(database.pool_size):
            taken.enter_context(database.transaction())
        report = run_checks(chosen, database.addresses, OF_THE_DATABASE)
    assert [(result.check.name, result.findings) for result in report.results if result.findings != ()] == []


@pytest.fixture
def nobody(database: Database) -> str:
    """Return the address of the test's database as a role that its server does not have."""
    return make_url(database.addresses.url).set(username="nobody_here").render_as_string(hide_password=False)


def test_role_that_the_server_refuses_is_said_with_what_to_do(
    database: Database, chosen: Settings, nobody: str
) -> None:
    [finding] = findings("database", chosen, replace(database.addresses, url=nobody)) or ()
    assert (finding.reason.code, finding.command) == ("database_refused", "escouade migrate")
    assert finding.reason.params["role"] == "nobody_here"
    assert "nobody_here" in str(finding.reason.params["detail"])
    assert "ESCOUADE_DATABASE_URL" in explain(finding.reason)


def test_owner_that_the_server_refuses_is_said_and_what_needs_it_is_not_run(
    database: Database, chosen: Settings, nobody: str
) -> None:
    report = run_checks(chosen, replace(database.addresses, owner_url=nobody), OF_THE_DATABASE)
    found = {result.check.name: result.findings for result in report.results}
    assert [finding.reason.code for finding in found["owner"] or ()] == ["owner_refused"]
    assert "ESCOUADE_DATABASE_OWNER_URL" in explain((found["owner"] or ())[0].reason)
    assert (found["secrets"], found["database"], report.failing) == (None, (), [])
    away = replace(database.addresses, owner_url=AWAY.url)
    assert codes("owner", chosen, away) == ["owner_away"]
    assert findings("owner", chosen, replace(database.addresses, owner_url=None)) is None


def test_checks_of_tables_are_not_run_before_the_migrations(database: Database, chosen: Settings) -> None:
    execute(database, "update alembic_version set version_num = '0001'")
    report = run_checks(chosen, database.addresses, OF_THE_DATABASE)
    assert report.failing == ["schema"]
    assert {r.check.name for r in report.results if r.findings is None} == {"claims", "secrets"}


# Schema and rights -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "code", "command"), [("0001", "not_migrated", "escouade migrate"), ("9999", "database_newer", None)]
)
def test_schema_of_another_version_says_which_way(
    database: Database, chosen: Settings, revision: str, code: str, command: str | None
) -> None:
    execute(database, "update alembic_version set version_num = :revision", revision=revision)
    [finding] = findings("schema", chosen, database.addresses) or ()
    assert (finding.reason.code, finding.command) == (code, command)


def test_newer_schema_is_never_migrated(database: Database) -> None:
    execute(database, "update alembic_version set version_num = '9999'")
    with pytest.raises(Unavailable, match="database_newer"):
        prepare(database.addresses, RING)


def test_restore_without_the_role_is_said_and_mended(database: Database, chosen: Settings) -> None:
    """Every grant is gone, as after a restore into a cluster where the role did not exist."""
    execute(
        database,
        "revoke all on all tables in schema public from escouade_app",
        "revoke all on all sequences in schema public from escouade_app",
        "revoke all on all functions in schema public from escouade_app",
    )
    [finding] = findings("schema", chosen, database.addresses) or ()
    assert finding.command == "escouade migrate"
    assert finding.reason.code == "rights_missing"
    granted = [
        line
        for line in rights.expected()
        if line.endswith("to escouade_app") and "queue" not in line and "schema" not in line
    ]
    assert int(str(finding.reason.params["n"])) == len(granted) > 250
    prepare(database.addresses, RING)
    assert codes("schema", chosen, database.addresses) == []


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("grant delete on certificate to escouade_app", "rights_added"),
        ("grant select on person to public", "rights_added"),
        ("grant execute on function claims() to public", "rights_added"),
        ('drop policy "select" on hand_in', "rights_missing"),
        ('alter policy "select" on hand_in using (true)', "rights_missing"),
        ("alter table hand_in disable row level security", "rights_missing"),
        ("revoke usage on sequence person_id_seq from escouade_app", "rights_missing"),
        ("revoke usage on schema queue from escouade_app", "rights_missing"),
    ],
)
def test_each_kind_of_right_is_compared_and_put_back(
    database: Database, chosen: Settings, broken: str, code: str
) -> None:
    execute(database, broken)
    assert code in codes("schema", chosen, database.addresses)
    with database.engine.begin() as owner:
        assert rights.put_back(owner) > 0
        assert rights.rights_reasons(owner) == []


def test_list_of_rights_is_fresh(database: Database) -> None:
    with database.engine.connect() as owner:
        assert rights.FILE.read_text(encoding="utf-8") == rights.page(owner), "run `make docs`"


def test_role_that_owns_tables_is_said(database: Database, chosen: Settings) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    owner = replace(database.addresses, url=url)
    assert set(codes("role", chosen, owner)) <= {"database_superuser", "database_owner"}
    assert codes("role", chosen, owner)


# Keys --------------------------------------------------------------------------------------------


def test_keyring_of_another_database_is_refused_before_anything(database: Database, chosen: Settings) -> None:
    other = new_keyring()
    with pytest.raises(Unavailable, match="keyring_of_another"):
        prepare(database.addresses, other)
    addresses = replace(database.addresses, claim_key=other.derived(KeyPurpose.CLAIMS))
    save(chosen.keyring_file, other)
    [finding] = findings("claims", chosen, addresses) or ()
    assert (finding.reason.code, finding.command) == ("keyring_of_another", None)
    turned = RING.rotated()
    save(chosen.keyring_file, turned)
    addresses = replace(database.addresses, claim_key=turned.derived(KeyPurpose.CLAIMS))
    [finding] = findings("claims", chosen, addresses) or ()
    assert (finding.reason.code, finding.command) == ("claims_refused", "escouade migrate")
    prepare(database.addresses, turned)  # one that has the key is the same keyring
    assert codes("claims", chosen, addresses) == []


def test_secrets_that_another_keyring_sealed_are_counted(database: Database, chosen: Settings, world: World) -> None:
    sealed = RING.encrypt(KeyPurpose.TOTP, "x", bound="elsewhere")
    account = "(select id from account where person_id = :person)"
    update = f"update account_secret set totp_sealed = :sealed where account_id = {account}"  # noqa: S608 - ours
    execute(database, update, sealed=sealed, person=world.people["maude"])
    assert codes("secrets", chosen, database.addresses) == ["secrets_closed"]
    assert findings("secrets", chosen, replace(database.addresses, owner_url=None)) is None


def test_keyring_that_others_may_read_is_said(database: Database, chosen: Settings) -> None:
    chosen.keyring_file.chmod(0o644)
    assert codes("keyring", chosen, None) == ["keyring_open_to_others"]
    assert codes("settings", chosen.model_copy(update={"environment": "production"}), None)


# Files, mail, documents --------------------------------------------------------------------------


def test_folder_that_cannot_be_written_is_said(chosen: Settings, tmp_path: Path) -> None:
    place = tmp_path / "a file"
    place.write_text("")
    [finding] = findings("files", chosen.model_copy(update={"data_dir": place}), None) or ()
    assert finding.reason.code == "files_not_writable"
    assert str(place) in str(finding.reason.params["folder"])
    assert not list(chosen.data_dir.glob("tmp*"))


def test_bucket_that_cannot_be_written_is_said_while_requests_go_on(s3: S3Server, chosen: Settings) -> None:
    bucket = s3.bucket(seconds=0.5)
    there = keeping_in(bucket, chosen)
    assert (codes("bucket", there, None), codes("files", there, None), codes("bucket", chosen, None)) == ([], [], [])
    assert not list((s3.folder / bucket.name).rglob("*?/*"))
    away = there.model_copy(update={"s3_bucket": "no-such-bucket"})
    [finding] = findings("bucket", away, None) or ()
    assert finding.reason.code == "bucket_not_writable"
    assert finding.reason.params["cause"] == "404 Not Found NoSuchBucket"
    assert bucket.secret_key not in explain(finding.reason)
    assert "no-such-bucket" in explain(finding.reason)
    assert not next(check for check in CHECKS if check.name == "bucket").is_critical


def test_disk_that_is_nearly_full_is_said(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes("disk", chosen, None) == []
    free = shutil.disk_usage(chosen.data_dir).free
    monkeypatch.setattr(storage, "LEAST_FREE", free * 2)
    assert codes("disk", chosen, None) == ["disk_nearly_full"]


def test_mail_that_cannot_leave_is_said(chosen: Settings) -> None:
    assert codes("mail", chosen.model_copy(update={"environment": "production"}), None) == ["mail_server_missing"]
    closed = chosen.model_copy(update={"environment": "production", "closed_network": True})
    assert codes("mail", closed, None) == []
    nobody = chosen.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    assert codes("mail", nobody, None) == ["mail_server_unreachable"]


def test_signing_key_that_does_not_open_is_said(chosen: Settings, tmp_path: Path) -> None:
    (tmp_path / "key.p12").write_bytes(b"x")
    signing = {"alma": {"file": tmp_path / "key.p12", "passphrase": "x"}}
    broken = Settings.model_validate({**chosen.model_dump(), "signing": signing})
    assert codes("signing", broken, None)


@pytest.mark.parametrize(
    ("check", "stub", "code"),
    [
        ("pdf", "app.platform.documents.pdf._missing", "pdf_engine_missing"),
        ("fonts", "app.platform.documents.pdf._lacking", "pdf_font_glyphs"),
    ],
)
def test_what_documents_need_is_checked(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch, check: str, stub: str, code: str
) -> None:
    answer: Any = (code,) if check == "pdf" else {"é"}
    monkeypatch.setattr(stub, lambda *_: answer)
    assert code in codes(check, chosen, None)


def test_broken_curriculum_is_said(chosen: Settings, tmp_path: Path) -> None:
    elsewhere = chosen.model_copy(update={"curricula_dir": tmp_path})
    assert set(codes("curricula", elsewhere, None)) == {"curriculum_problem"}


# What waits --------------------------------------------------------------------------------------


@contextmanager
def later(minutes: int) -> Iterator[None]:
    """Let the block run some minutes later."""
    with at(now() + timedelta(minutes=minutes)):
        yield


def test_late_letter_is_said_with_its_moment(database: Database, chosen: Settings) -> None:
    with database.transaction() as db:
        enqueue(db, "zoe@alma.example.com", "password_changed")
    started = now()
    assert codes("letters", chosen, database.addresses) == []
    with later(16):
        [finding] = findings("letters", chosen, database.addresses) or ()
    assert (finding.reason.code, finding.reason.params["n"]) == ("letters_wait", 1)
    assert finding.since is not None
    assert abs(finding.since - started) < timedelta(seconds=30)


def test_late_batch_and_unsealed_entries_are_said(database: Database, chosen: Settings, world: World) -> None:
    execute(
        database,
        "insert into batch (college_id, decided_by, decided_at) values (:college, :person, now())",
        college=world.alma,
        person=world.people["registrar"],
    )
    with later(16):
        assert codes("batches", chosen, database.addresses) == ["batches_wait"]
        assert codes("record", chosen, database.addresses) == ["entries_unsealed"]
    assert codes("batches", chosen, database.addresses) == []


def test_late_and_failed_jobs_are_said_by_name(database: Database, chosen: Settings) -> None:
    execute(
        database,
        "set local search_path = queue",
        "insert into procrastinate_jobs (queue_name, task_name, args, status, scheduled_at) values"
        " ('upkeep', 'seal_record', '{}', 'todo', now()), ('letters', 'letter', '{}', 'failed', now())",
    )
    assert codes("jobs", chosen, database.addresses) == ["jobs_failed"]
    with later(16):
        found = findings("jobs", chosen, database.addresses) or ()
    late = {finding.reason.params["job"]: finding for finding in found}
    assert explain(late["seal_record"].reason).startswith(
        f"{job_name('seal_record')}\N{NO-BREAK SPACE}: 1 travail attend"
    )
    assert job_name("seal_record") != "seal_record"
    assert (late["seal_record"].reason.code, late["seal_record"].command) == ("jobs_wait", "escouade worker")
    assert late["letter"].reason.code == "jobs_failed"


def test_absent_worker_is_said_unless_the_server_runs_one(database: Database, chosen: Settings) -> None:
    execute(
        database,
        "insert into queue.worker (id, name, host, pid, version, parts)"
        " values (gen_random_uuid(), 'one', 'here', 1, '0', '{}')",
    )
    assert codes("workers", chosen, database.addresses) == []
    with later(6):
        [finding] = findings("workers", chosen, database.addresses) or ()
        assert (finding.reason.code, finding.command) == ("no_worker", "escouade worker")
        assert finding.since is not None
        embedded = chosen.model_copy(update={"database_url": None})
        assert codes("workers", embedded, database.addresses) == []


# The report --------------------------------------------------------------------------------------


def test_check_that_breaks_is_a_finding_and_the_others_go_on(database: Database, chosen: Settings) -> None:
    execute(database, "alter function backlog() rename to gone", "alter function queue.workers() rename to gone")
    report = run_checks(chosen, database.addresses, [check for check in CHECKS if check.is_quick])
    assert report.failing == ["schema"]
    assert (report.backlog, report.jobs) == ({}, None)
    broken = replace(BY_NAME["disk"], run=lambda _: [1 / 0])  # type: ignore[list-item]
    [result] = run_checks(chosen, database.addresses, [broken]).results
    assert [f.reason.params["cause"] for f in result.findings or ()] == ["ZeroDivisionError"]


def test_report_is_kept_some_seconds_and_remembers_since_when(
    chosen: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    checkup = Checkup(CHECKS)
    first = checkup.report(chosen, AWAY)
    assert checkup.report(chosen, AWAY) is first
    checkup._until = monotonic() - 1
    second = checkup.report(chosen, AWAY)
    assert second is not first
    since = [
        f.since for r in (first, second) for x in r.results for f in x.findings or () if x.check.name == "database"
    ]
    assert since == [first.at, first.at]
    assert caplog.messages.count("the check database fails: database_away") == 1


def test_what_nobody_asked_about_for_minutes_is_found_anew(chosen: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """An earlier outage may have ended in between: the next one is logged, and dated from now."""
    checkup = Checkup(CHECKS)
    checkup.report(chosen, AWAY)
    checkup._until = monotonic() - UNSEEN_SECONDS - 1
    later = checkup.report(chosen, AWAY)
    [since] = [f.since for x in later.results for f in x.findings or () if x.check.name == "database"]
    assert since == later.at
    assert caplog.messages.count("the check database fails: database_away") == 2


@pytest.mark.usefixtures("sealed_record")
def test_ready_says_names_to_everybody_and_the_rest_to_the_token(client: TestClient, database: Database) -> None:
    execute(database, 'drop policy "select" on hand_in')
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"status": "failing", "failing": ["schema"], "degraded": []}
    state = client.app.state._state  # type: ignore[attr-defined]
    secret = state["settings"].model_copy(update={"metrics_token": Settings(metrics_token=TOKEN).metrics_token})
    client.app.state = State({**state, "settings": secret})  # type: ignore[attr-defined]
    whole = client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert whole["format"] == 1
    [schema] = [check for check in whole["checks"] if check["name"] == "schema"]
    assert (schema["ok"], schema["critical"]) == (False, True)
    [finding] = schema["findings"]
    assert finding.keys() == {"code", "params", "message", "since", "command"}
    assert (finding["code"], finding["command"]) == ("rights_missing", "escouade migrate")
    assert finding["since"]


@pytest.mark.usefixtures("sealed_record")
def test_service_stays_ready_while_a_table_is_locked(client: TestClient, database: Database) -> None:
    """It takes the second that a check waits for a lock; the requests that need no such table are served."""
    with database.engine.begin() as operator:
        operator.execute(text("lock table hand_in in access exclusive mode"))
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["failing"], answer.json()["degraded"]) == (200, [], ["schema"])


def test_connection_that_ends_during_the_checks_stops_no_request(database: Database, chosen: Settings) -> None:
    def end(context: CheckContext) -> list[Finding]:
        context.session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return []

    broken = replace(BY_NAME["schema"], run=end)
    report = run_checks(chosen, database.addresses, [broken, BY_NAME["claims"]])
    assert (report.failing, report.degraded) == ([], ["schema"])


def test_ready_answers_while_the_database_is_away(client: TestClient, settings: Settings) -> None:
    state = client.app.state._state  # type: ignore[attr-defined]
    client.app.state = State({**state, "database": Database(AWAY)})  # type: ignore[attr-defined]
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])
