"""The login role of requests, on servers of its own whose owner is an ordinary role that may create roles."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.deployment import open_database, prepare
from app.network.schemas import NewCollege
from app.network.service import open_college
from app.platform.database.embedded import embedded_server
from app.platform.database.login_role import make_login_role, role_reasons, role_setting_reasons
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Addresses
from app.platform.errors import Unavailable
from app.platform.security.keyring import KeyPurpose
from tests.conftest import RING
from tests.platform.test_embedded import SYSTEM_BINARIES, TEMPORARY
from tests.server import driver_url, run_on_server

OWNER = "ordinary"


@pytest.fixture(scope="module", params=[None, *SYSTEM_BINARIES], ids=str)
def superuser(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the superuser's address of a server of each version, which lets any role in by its private socket."""
    path = Path(tempfile.mkdtemp(prefix="esc-role-", dir=TEMPORARY)).resolve()
    path.chmod(0o755)
    try:
        with embedded_server(path / "server", request.param) as url:
            home = Path(make_url(url).query["host"]).parent  # type: ignore[arg-type]
            with (home / "pg_hba.conf").open("a", encoding="utf-8") as rules:
                rules.write("local all all trust\n")
            run_on_server(url, "select pg_reload_conf()")
            run_on_server(url, f"create role {OWNER} login createrole createdb")
            yield url
    finally:
        shutil.rmtree(path)


@pytest.fixture
def owner_url(superuser: str) -> Iterator[str]:
    """Yield the address of an empty database as its ordinary owner; it and the roles that it made are dropped."""
    name = f"fresh_{id(superuser)}"
    run_on_server(superuser, f"create database {name} owner {OWNER} template template0")
    yield make_url(superuser).set(username=OWNER, database=name).render_as_string(hide_password=False)
    run_on_server(superuser, f"drop database {name} with (force)")
    for role in ("autre", APP_ROLE):
        run_on_server(superuser, f"drop role if exists {role}")


def as_role(url: str, role: str, password: str | None = None) -> str:
    return make_url(url).set(username=role, password=password).render_as_string(hide_password=False)


def prepared(owner_url: str, role: str = APP_ROLE, password: str | None = None) -> Addresses:
    addresses = Addresses(as_role(owner_url, role, password), owner_url, RING.derived(KeyPurpose.CLAIMS))
    prepare(addresses, RING)
    return addresses


@pytest.mark.parametrize("role", [APP_ROLE, "autre"])
def test_ordinary_owner_prepares_a_database_that_requests_use(owner_url: str, superuser: str, role: str) -> None:
    """Also on PostgreSQL 16 and later, where whoever creates a role may not become it."""
    addresses = prepared(owner_url, role, "un mot de passe")
    prepare(addresses, RING)
    assert (role_reasons(addresses.url), role_setting_reasons(addresses.url)) == ([], [])
    database = open_database(addresses, pool_size=2)
    with database.transaction() as db:
        command = NewCollege(slug="alma", name="Collège d’Alma", city="Alma", region_code="02", number_prefix="ALM")
        college = open_college(db, command).id
    with database.transaction(colleges=[college]) as db:
        assert db.execute(text("select session_user::text, current_setting('is_superuser')")).one() == (role, "off")
    database.dispose()
    with psycopg.connect(driver_url(superuser)) as connection:
        stored = connection.execute("select rolpassword from pg_authid where rolname = %s", [role]).fetchone()
    assert stored is not None
    assert str(stored[0]).startswith("SCRAM-SHA-256$"), "hashed before it is sent: logs do not show it"


def test_prepared_database_compiles_no_plan(owner_url: str) -> None:
    name = make_url(owner_url).database
    with psycopg.connect(driver_url(owner_url), autocommit=True) as connection:
        connection.execute(f'alter database "{name}" set jit = on'.encode())
    prepared(owner_url)
    with psycopg.connect(driver_url(owner_url)) as connection:
        assert connection.execute("show jit").fetchone() == ("off",)


def test_login_role_cannot_act_as_the_owner(owner_url: str) -> None:
    url = driver_url(prepared(owner_url).url)
    for statement in (f"set role {OWNER}", f"set session authorization {OWNER}", "alter table person add column x int",
                      "create table x ()", "create temporary table x ()"):  # fmt: skip
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


UNSAFE = {
    "superuser": ("alter role {role} superuser", "alter role {role} nosuperuser", "database_superuser"),
    "bypassrls": ("alter role {role} bypassrls", "alter role {role} nobypassrls", "database_superuser"),
    "createrole": ("alter role {role} createrole", "alter role {role} nocreaterole", "database_superuser"),
    "owner of the database": (
        "alter database {database} owner to {role}", "alter database {database} owner to {owner}", "database_owner",
    ),
    "owner of a table": (
        "alter table attempt owner to {role}", "alter table attempt owner to {owner}", "database_owner",
    ),
    "member of a superuser": ("grant escouade to {role}", "revoke escouade from {role}", "database_member"),
    "member of a reader of all": (
        "grant pg_read_all_data to {role}", "revoke pg_read_all_data from {role}", "database_member",
    ),
    "temporary objects": (
        "grant temporary on database {database} to public", "revoke temporary on database {database} from public",
        "database_open_to_objects",
    ),
    "objects in the schema": (
        "grant create on schema public to {role}", "revoke create on schema public from {role}",
        "database_open_to_objects",
    ),
}  # fmt: skip
"""What makes a login role unsafe, how it is undone, and the reason that is reported."""


def test_unsafe_login_role_is_reported(owner_url: str, superuser: str) -> None:
    url = prepared(owner_url, "autre").url
    database = make_url(url).database or ""
    inside = make_url(superuser).set(database=database).render_as_string(hide_password=False)
    names = {"role": "autre", "database": database, "owner": OWNER}
    for case, (change, undo, code) in UNSAFE.items():
        assert role_reasons(url) == [], f"before {case}"
        run_on_server(inside, change.format(**names))
        assert [reason.code for reason in role_reasons(url)] == [code], case
        run_on_server(inside, undo.format(**names))
    assert role_reasons(url) == []


def test_login_role_without_the_application_role_is_reported(owner_url: str) -> None:
    url = prepared(owner_url, "autre").url
    run_on_server(owner_url, "revoke escouade_app from autre")
    assert [reason.code for reason in role_reasons(url)] == ["application_role"]


def test_owner_as_login_role_is_reported(owner_url: str) -> None:
    prepared(owner_url)
    assert [reason.code for reason in role_reasons(owner_url)] == ["database_superuser"], "it may create roles"


def test_settings_that_a_role_gave_itself_are_reported(owner_url: str) -> None:
    url = prepared(owner_url, "autre").url
    run_on_server(url, "alter role current_user set statement_timeout = 1000")
    [reason] = role_setting_reasons(url)
    assert (reason.code, reason.params["settings"]) == ("role_settings", "statement_timeout=1000")


def test_owner_that_may_not_create_roles_learns_what_a_superuser_must_run(owner_url: str, superuser: str) -> None:
    prepared(owner_url)
    run_on_server(superuser, f"alter role {OWNER} nocreaterole")
    try:
        with pytest.raises(Unavailable) as refused:
            make_login_role(owner_url, as_role(owner_url, "autre"))
    finally:
        run_on_server(superuser, f"alter role {OWNER} createrole")
    assert (refused.value.code, refused.value.params["role"]) == ("login_role_refused", "autre")


def test_database_without_an_owners_address_is_not_prepared(owner_url: str) -> None:
    with pytest.raises(Unavailable) as refused:
        prepare(Addresses(as_role(owner_url, APP_ROLE)), RING)
    assert refused.value.code == "owner_address_missing"
