"""Addresses of databases: several hosts, and a pooler in front."""

import socket

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError
from sqlalchemy import make_url, text

from app.platform.config import Settings
from app.platform.database.connections import conninfo, engine_of, request_engine
from app.platform.database.login_role import login_url
from app.platform.database.urls import sqlalchemy_url

START = "postgresql+psycopg://a:b@"


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("postgresql://a:b@h/db", f"{START}h/db"),
        ("postgres://a:b@h:5433/db?sslmode=require", f"{START}h:5433/db?sslmode=require"),
        ("postgresql+psycopg://a:b@/db?host=/run", f"{START}/db?host=/run"),
        (
            "postgresql://a:b@h1:5433,h2/db",
            f"{START}/db?host=h1,h2&port=5433,5432&target_session_attrs=read-write",
        ),
        (
            "postgresql://a:b@h1,h2,h3:1/db?sslmode=require&target_session_attrs=any",
            f"{START}/db?host=h1,h2,h3&port=5432,5432,1&sslmode=require&target_session_attrs=any",
        ),
        (
            "postgresql://a:b@[::1]:5433,[2001:db8::2]/db",
            f"{START}/db?host=::1,2001:db8::2&port=5433,5432&target_session_attrs=read-write",
        ),
        ("postgresql://a:b,c@h/db", "postgresql+psycopg://a:b,c@h/db"),
        ("postgresql://a:b@h/db?options=-csearch_path=a,b", f"{START}h/db?options=-csearch_path=a,b"),
    ],
)
def test_written_address_becomes_one_of_psycopg(written: str, taken: str) -> None:
    assert sqlalchemy_url(written) == taken
    assert Settings(database_url=written).database_url == taken
    make_url(taken)


def test_host_with_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="server_address"):
        Settings(database_url="postgresql://a:b@h1:x,h2/db")


def test_login_url_holds_no_password_of_the_owner() -> None:
    assert login_url("postgresql+psycopg://owner:secret@h/db") == "postgresql+psycopg://escouade_app@h/db"


def test_conninfo_of_several_hosts_without_the_password() -> None:
    url = sqlalchemy_url("postgresql://a:b@h1:1,h2:2/db")
    found = {"user": "a", "dbname": "db", "host": "h1,h2", "port": "1,2", "target_session_attrs": "read-write"}
    assert conninfo_to_dict(conninfo(url)) == {**found, "password": "b"}
    assert conninfo_to_dict(conninfo(url, password=False)) == found


def test_host_that_is_down_is_passed_over(server_address: tuple[str, str]) -> None:
    """As after a fail-over: the first host refuses connections, the second is the server."""
    host, url = server_address
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    second, own_port = host.rsplit(":", 1)
    hosts = {"host": f"127.0.0.1,{second}", "port": f"{port},{own_port}"}
    several = make_url(url)._replace(host=None, port=None).update_query_dict(hosts)
    address = several.render_as_string(hide_password=False)
    engine = engine_of(address)
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1
    engine.dispose()
    with psycopg.connect(conninfo(address)) as plain:
        assert plain.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("written", "secrets"),
    [
        ("postgresql://app:XY@hibou@h/db", ("XY", "hibou")),
        ("postgresql://app:XY@hibou#1@127.0.0.1:5877/db", ("XY", "hibou")),
        ("postgresql://app:XY@hibou/1@h/db", ("XY", "hibou")),
        ("postgresql://app:XY@hibou?1@h/db", ("XY", "hibou")),
        ("postgresql://app:XY@hibou@h1,h2/db", ("XY", "hibou")),
        ("postgresql://app:hibou", ("hibou",)),
        ("postgresql://app:XY Z@hibou@h/db", ("XY", "hibou")),
        ("XYZ hibou", ("XYZ", "hibou")),
    ],
)
def test_address_whose_password_reads_as_another_part_is_refused_without_being_shown(
    written: str, secrets: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError, match="server_address") as refusal:
        Settings(database_url=written)
    assert [secret for secret in secrets if secret in str(refusal.value)] == []


def test_password_with_other_signs_is_read_when_they_are_encoded() -> None:
    url = make_url(sqlalchemy_url("postgresql://app:p%40s%23%3A%20s@h:5433/db"))
    assert (url.password, url.host, url.port) == ("p@s#: s", "h", 5433)


@pytest.mark.parametrize(("is_pooled", "prepared"), [(False, True), (True, False)])
def test_statements_behind_a_pooler_are_not_prepared(owner_url: str, is_pooled: bool, prepared: bool) -> None:
    engine = request_engine(owner_url, is_pooled=is_pooled)
    with engine.connect() as connection:
        for _ in range(10):
            connection.execute(text("select cast(:n as int)"), {"n": 1})
        found = connection.execute(text("select count(*) from pg_prepared_statements where not from_sql")).scalar_one()
    engine.dispose()
    assert bool(found) is prepared


@pytest.fixture
def owner_url(server: str) -> str:
    """The owner's address of the tests' server."""
    return server


@pytest.fixture
def server_address(server: str) -> tuple[str, str]:
    """The host (with its port) of the tests' server, as an address with several hosts names it, and its URL."""
    url = make_url(server)
    host = url.host or str(url.query["host"])
    return f"{host}:{url.port or 5432}", server
