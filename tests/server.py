"""The server under test, as the owner of its databases and as the login role of requests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import make_url

from app.deployment import install_keys, open_database, upgrade
from app.platform.database.login_role import close_to_objects, make_login_role, skip_compilation
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Addresses, Database
from app.platform.security.keyring import KeyPurpose
from tests.conftest import RING

_LOGIN: dict[str, str | None] = {"username": APP_ROLE, "password": None}


def addresses_of(url: str) -> Addresses:
    """Return the addresses of a database, of which ``url`` is the owner's."""
    login = make_url(url).set(**_LOGIN)  # type: ignore[arg-type]
    key = RING.derived(KeyPurpose.CLAIMS)
    return Addresses(login.render_as_string(hide_password=False), url, key)


def opened(url: str, *, pool_size: int = 10) -> Database:
    """Return a database opened as the application opens it, with the keyring of the tests."""
    return open_database(addresses_of(url), pool_size=pool_size)


def migrate(url: str) -> None:
    """Prepare a database as ``escouade migrate`` does."""
    upgrade(url)
    make_login_role(url, addresses_of(url).url)
    if login_role() != APP_ROLE:
        # An ordinary owner sees what the connections of another role do, and ends them, as a member of that role.
        run_on_server(url, f'grant "{login_role()}" to current_user')
    install_keys(url, RING)


def login_role() -> str:
    """Return the name of the role that requests connect as: one of its own where the server is given."""
    return str(_LOGIN["username"])


@contextmanager
def login_role_of_its_own(url: str, name: str) -> Iterator[None]:
    """Let requests connect as a role of this name, which is dropped afterwards: others may use the same server."""
    _LOGIN.update(username=name, password=secrets.token_urlsafe(24))
    try:
        yield
    finally:
        _LOGIN.update(username=APP_ROLE, password=None)
        run_on_server(url, f'drop role if exists "{name}"')


def driver_url(url: str) -> str:
    """Return the address as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def with_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def run_on_server(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        connection.execute(statement.encode())


def copy_database(url: str, name: str, template: str) -> None:
    """Create a copy of a database; its rights come with its objects, but for those on the database itself."""
    run_on_server(url, f"create database {name} template {template} strategy wal_log")
    with psycopg.connect(driver_url(with_database(url, name)), autocommit=True) as owner:
        close_to_objects(owner)
        skip_compilation(owner)
