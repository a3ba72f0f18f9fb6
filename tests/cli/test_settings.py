"""Unsafe or invalid settings: refused in French, on standard error, without a traceback."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url, text

from app.cli.failures import failure_lines
from app.platform import locations
from app.platform.config import Settings, unsafe_settings
from app.platform.config import settings as process_settings
from app.platform.database.transaction import Database
from app.platform.errors import Invalid
from app.platform.locations import ROOT
from app.platform.messages.i18n import explain, has_message
from app.platform.security.keyring import create
from tests.cli.conftest import Escouade

URL = "postgresql://escouade@db.example.com/escouade"


@pytest.mark.parametrize(
    ("environment", "database_url", "base_url", "reasons"),
    [
        ("development", None, "http://127.0.0.1:8000", []),
        ("demo", None, "http://127.0.0.1:8000", []),
        ("production", URL, "https://escouade.example.com", []),
        ("production", None, "https://escouade.example.com", ["embedded_database"]),
        ("production", URL, "http://escouade.example.com", ["address_without_tls"]),
        ("production", None, "http://127.0.0.1:8000", ["embedded_database", "address_without_tls"]),
    ],
)
def test_unsafe_settings_reasons_by_environment(
    tmp_path: Path, environment: str, database_url: str | None, base_url: str, reasons: list[str]
) -> None:
    create(tmp_path / "keyring.json")
    chosen = Settings(environment=environment, database_url=database_url, base_url=base_url, data_dir=tmp_path)
    reasons_found = unsafe_settings(chosen)
    assert [r.code for r in reasons_found] == reasons
    assert all(explain(r) for r in reasons_found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql://escouade_app:CHANGE-ME@db.example.com/escouade"),
        ("database_owner_url", "postgresql://escouade:CHANGE-ME@db.example.com/escouade"),
        ("database_jobs_url", "postgresql://escouade:CHANGE-ME@db.example.com:6432/escouade"),
        ("smtp_url", "smtp://escouade:CHANGE-ME@smtp.example.com"),
        ("metrics_token", "CHANGE-ME-CHANGE-ME-CHANGE-ME"),
    ],
)
def test_password_of_the_samples_is_refused_in_production(tmp_path: Path, name: str, value: str) -> None:
    create(tmp_path / "keyring.json")
    values = {"environment": "production", "database_url": URL, "base_url": "https://e.example", "data_dir": tmp_path}
    reasons = unsafe_settings(Settings.model_validate({**values, name: value}))
    assert [(r.code, r.field) for r in reasons] == [("password_not_chosen", f"ESCOUADE_{name.upper()}")]
    assert f"ESCOUADE_{name.upper()}" in explain(reasons[0])
    assert unsafe_settings(Settings.model_validate({**values, name: value, "environment": "demo"})) == []


def test_command_whose_owner_the_server_refuses_names_the_owners_setting(
    escouade: Escouade, database: Database
) -> None:
    nobody = make_url(database.addresses.url).set(username="nobody_here").render_as_string(hide_password=False)
    done = escouade(database, "migrate", database_owner_url=nobody)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("PostgreSQL refuse la connexion du propriétaire nobody_here : ")
    assert "ESCOUADE_DATABASE_OWNER_URL" in done.err
    assert len(done.err.splitlines()) == 1


def test_command_whose_login_role_the_server_refuses_names_its_setting(escouade: Escouade, database: Database) -> None:
    nobody = make_url(database.addresses.url).set(username="nobody_here").render_as_string(hide_password=False)
    done = escouade(database, "demo", "accounts", database_url=nobody)
    assert done.status == 1
    assert done.err.startswith("PostgreSQL refuse la connexion du rôle nobody_here : ")
    assert "« escouade migrate » crée ce rôle" in done.err


def test_https_without_an_environment_is_refused(tmp_path: Path) -> None:
    """A production whose checks were forgotten."""
    reasons = unsafe_settings(Settings(base_url="https://escouade.example.com", data_dir=tmp_path))
    assert [(r.code, r.field) for r in reasons] == [("environment_unset", "ESCOUADE_ENVIRONMENT")]
    assert explain(reasons[0])
    named = Settings(environment="development", base_url="https://escouade.example.com", data_dir=tmp_path)
    assert unsafe_settings(named) == []


def test_production_keyring_must_exist_and_be_readable_by_its_owner_only(tmp_path: Path) -> None:
    chosen = Settings(environment="production", database_url=URL, base_url="https://e.example", data_dir=tmp_path)
    assert [r.code for r in unsafe_settings(chosen)] == ["keyring_missing"]
    create(chosen.keyring_file)
    assert unsafe_settings(chosen) == []
    chosen.keyring_file.chmod(0o640)
    assert [r.code for r in unsafe_settings(chosen)] == ["keyring_open_to_others"]
    chosen.keyring_file.write_text('{"current": 1, "keys": {"1": "c2hvcnQ="}}', encoding="utf-8")
    assert [r.code for r in unsafe_settings(chosen)] == ["keyring_unreadable"]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_database_url_schemes_are_accepted(scheme: str) -> None:
    assert Settings(database_url=f"{scheme}://a@b/c").database_url == "postgresql+psycopg://a@b/c"


@pytest.mark.parametrize("words", [("demo",), ("demo", "accounts"), ("demo", "accounts", "--json")])
def test_demo_commands_are_refused_in_production(
    escouade: Escouade, database: Database, words: tuple[str, ...]
) -> None:
    """Nor are real accounts listed beside the demo password."""
    done = escouade(database, *words, environment="production", base_url="https://escouade.example.com")
    assert (done.status, done.out) == (1, "")
    assert done.err == "Le réseau de démonstration ne se charge pas en production.\n"


def test_demo_is_refused_over_existing_data(escouade: Escouade, database: Database) -> None:
    done = escouade(database, "demo")
    assert (done.status, done.out) == (1, "")
    assert done.err == "La base contient déjà un collège : rien n’a été changé.\n"


@pytest.mark.parametrize("words", [("init",), ("worker",), ("accounts", "import", __file__)], ids=lambda w: w[0])
def test_commands_refuse_unsafe_settings_in_production(
    escouade: Escouade, database: Database, words: tuple[str, ...]
) -> None:
    options = ("college", "slug", "city", "region", "prefix", "email")
    answers = [part for name in options for part in (f"--{name}", "x")] if words == ("init",) else []
    done = escouade(database, *words, *answers, environment="production", base_url="http://escouade.example.com")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("Ces réglages ne conviennent pas à la production.\n  - ")


def test_commands_refuse_a_database_that_is_not_migrated(escouade: Escouade, empty: Database) -> None:
    with empty.engine.begin() as owner:
        owner.execute(text("update alembic_version set version_num = '0001'"))
    done = escouade(empty, "demo", "accounts")
    assert (done.status, done.out) == (1, "")
    assert done.err == "Les tables ne sont pas à jour : lancez « escouade migrate ».\n"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DATABASE_URL": "postgresql://moi:secret@127.0.0.1:9/rien"}, "La base de données ne répond pas"),
        ({"DATA_DIR": ""}, "contient autre chose qu’une base d’Escouade"),
    ],
    ids=["server", "directory"],
)
def test_command_with_invalid_settings_prints_the_cause(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    """Run the command in a process of its own."""
    if "DATA_DIR" in variables:
        (tmp_path / "postgresql").mkdir()
        (tmp_path / "postgresql" / "lettre.txt").write_text("à moi")
        variables = {"DATA_DIR": str(tmp_path)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ESCOUADE_")}
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "demo", "accounts"],
        cwd=ROOT,
        env=clean | {f"ESCOUADE_{name}": value for name, value in variables.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr.replace("\N{NO-BREAK SPACE}", " ")
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("database_url", "n’importe quoi", "ESCOUADE_DATABASE_URL : Cette adresse ne se lit pas"),
        ("database_owner_url", "postgresql://a:p@ss@h/db", "ESCOUADE_DATABASE_OWNER_URL : Cette adresse ne se lit pas"),
        ("smtp_url", "smtp://a:p@ss#1@h:25", "ESCOUADE_SMTP_URL : Cette adresse ne se lit pas"),
        ("metrics_token", "court", "ESCOUADE_METRICS_TOKEN : Ce texte est trop court (minimum : 20 caractères)."),
        ("pool_size", "beaucoup", "ESCOUADE_POOL_SIZE : "),
        ("environment", "vacances", "ESCOUADE_ENVIRONMENT : "),
    ],
)
def test_invalid_setting_is_named(escouade: Escouade, database: Database, name: str, value: str, message: str) -> None:
    done = escouade(database, "demo", "accounts", **{name: value})
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(message)
    assert len(done.err.splitlines()) == 1


def test_unexpected_database_error_is_not_hidden(escouade: Escouade, empty: Database) -> None:
    """A missing column is a bug, not an error of the command line."""
    with empty.engine.begin() as owner:
        owner.execute(text("alter table role_held rename column role to elsewhere"))
    with pytest.raises(Exception, match="role"):
        escouade(empty, "demo", "accounts")


def test_every_error_code_of_the_embedded_server_has_a_sentence() -> None:
    source = (ROOT / "app/platform/database/embedded.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'EmbeddedError\("([^"]+)"', source))
    assert len(codes) >= 7
    assert {code for code in codes if not has_message(code)} == set()


# Settings files ------------------------------------------------------------------------------------


@pytest.fixture
def without_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Yield a way to set variables, in an environment without any of ours."""
    for name in [name for name in os.environ if name.startswith("ESCOUADE_")]:
        monkeypatch.delenv(name)
    process_settings.cache_clear()
    yield monkeypatch
    process_settings.cache_clear()


def test_settings_files_are_read_a_later_one_and_variables_win(
    without_variables: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = tmp_path / "escouade.env", tmp_path / "owner.env"
    first.write_text(
        "# le service\nESCOUADE_BASE_URL=https://e.example\nESCOUADE_ENVIRONMENT=demo\n"
        'ESCOUADE_MAIL_FROM="Escouade <e@e.example>"\nESCOUADE_TRUSTED_PROXIES=127.0.0.1,::1\n',
        encoding="utf-8",
    )
    second.write_text(f"ESCOUADE_DATABASE_OWNER_URL={URL}\nESCOUADE_ENVIRONMENT=production\n", encoding="utf-8")
    without_variables.setenv("ESCOUADE_SETTINGS", f"{first}{os.pathsep}{second}")
    without_variables.setenv("ESCOUADE_BASE_URL", "https://autre.example")
    chosen = process_settings()
    assert (chosen.base_url, chosen.environment) == ("https://autre.example", "production")
    assert chosen.database_owner_url == URL.replace("postgresql:", "postgresql+psycopg:")
    assert (chosen.mail_from, len(chosen.trusted_proxies)) == ("Escouade <e@e.example>", 2)


@pytest.mark.parametrize(
    ("content", "code", "fields"),
    [
        (b"ESCOUADE_ENVIRONMENT=production\nESCOUADE_SMPT_URL=smtp://a\nPORT=80\n", "settings_unknown",
         ["ESCOUADE_SMPT_URL", "PORT"]),
        (b"ESCOUADE_MAIL_FROM=\xe9@e.example\n", "settings_unreadable", []),
        (None, "settings_unreadable", []),
    ],
    ids=["misspelt", "not UTF-8", "missing"],
)  # fmt: skip
def test_settings_file_with_a_fault_is_refused(
    without_variables: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, code: str, fields: list[str]
) -> None:
    path = tmp_path / "escouade.env"
    if content is not None:
        path.write_bytes(content)
    without_variables.setenv("ESCOUADE_SETTINGS", str(path))
    with pytest.raises(Invalid) as refusal:
        process_settings()
    assert (refusal.value.code, [reason.field for reason in refusal.value.reasons]) == (code, fields)
    lines = failure_lines(refusal.value)
    assert lines is not None
    assert str(path) in " ".join(lines)


def test_checkout_reads_no_settings_file_by_itself(without_variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "escouade.env"
    file.write_text("ESCOUADE_ENVIRONMENT=production\n", encoding="utf-8")
    without_variables.setattr(locations, "SYSTEM_SETTINGS", (file, tmp_path / "missing.env"))
    assert locations.settings_files() == ()
    without_variables.setattr(locations, "SHIPPED", locations.ROOT)
    assert locations.settings_files() == (file,)
    without_variables.setenv("ESCOUADE_SETTINGS", "")
    assert locations.settings_files() == ()


BUCKET = {"s3_bucket": "fichiers", "s3_access_key": "cle", "s3_secret_key": "secret"}


@pytest.mark.parametrize(
    ("endpoint", "refused"),
    [("http://s3.example.com", True), ("https://s3.example.com", False), ("http://127.0.0.1:9000", False)],
)
def test_bucket_without_tls_is_unsafe_in_production_but_on_this_machine(
    tmp_path: Path, endpoint: str, refused: bool
) -> None:
    given = {"environment": "production", "database_url": URL, "base_url": "https://e.example", "data_dir": tmp_path}
    chosen = Settings.model_validate({**given, **BUCKET, "s3_endpoint": endpoint})
    assert ("files_without_tls" in {reason.code for reason in unsafe_settings(chosen)}) is refused


def test_bucket_without_its_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="bucket_without_keys"):
        Settings.model_validate({"data_dir": tmp_path, **BUCKET, "s3_secret_key": None})
