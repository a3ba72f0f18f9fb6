"""No test leaves a row, a number of a sequence or an object behind: what ``tests/database_copy.py`` promises.

Over the records of the matrix, as nearly every table has rows there.
"""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import event

from app.platform.database.transaction import Database
from tests.access.access_db import Template
from tests.database_copy import DatabaseCopy
from tests.factories.network import World
from tests.server import driver_url, with_database

EMPTY = {
    "accompanied_count", "accompanied_enterprise", "assessor_exception", "attempt", "audit_seal", "carried_file",
    "codev_concern", "codev_confirmation",
    "codev_live_event", "codev_pass",
    "codev_return", "interest",
    "codev_session_change", "codev_session_restoration", "destruction_schedule", "hold_lift",
    "idempotent_request", "mail_preference", "management_link",
    "milestone_confirmation", "name_change", "oidc_flow", "panel_decision", "panel_opinion",
    "profile_expertise", "project_region_target", "recovery_code",
    "role_change", "session_change", "session_restoration", "view_log", "waitlist_priority",
}  # fmt: skip
"""Tables that the records of the matrix leave empty."""

Content = dict[str, list[str]]


@pytest.fixture(scope="module")
def whole(records: Template) -> Content:
    """What the template holds."""
    with psycopg.connect(driver_url(with_database(records.server, records.name))) as connection:
        return content(connection)


@pytest.fixture
def copy(records: Template, whole: Content) -> Iterator[DatabaseCopy]:
    """A copy of its own."""
    assert whole
    found = DatabaseCopy(records.server, records.name, "tried")
    yield found
    found.close()


def names(connection: psycopg.Connection, kind: str) -> list[str]:
    query = "select relname::text from pg_class where relkind = %s and relnamespace = 'public'::regnamespace"
    return [row[0] for row in connection.execute(query, [kind])]


def content(connection: psycopg.Connection) -> Content:
    """Every row of every table and sequence, in an order of its own: that of a scan depends on the pages."""
    found: Content = {}
    for kind in ("r", "S"):
        for name in names(connection, kind):
            columns = "t" if kind == "r" else "t.last_value, t.is_called"
            query = f'select row({columns})::text from "{name}" t'  # noqa: S608 - a name of the catalogue
            found[name] = sorted(row[0] for row in connection.execute(query.encode()))
    return found


def write_everywhere(connection: psycopg.Connection) -> None:
    """Remove a row of each table, write the others again, move every sequence on.

    A role that may not skip foreign keys leaves the rows that others refer to.
    """
    for name in names(connection, "r"):
        column = connection.execute(
            "select attname::text from pg_attribute where attrelid = %s::regclass and attnum = 1", [f'"{name}"']
        ).fetchone()
        assert column is not None
        with suppress(psycopg.errors.ForeignKeyViolation):
            first = f'delete from "{name}" where ctid = (select min(ctid) from "{name}")'  # noqa: S608
            connection.execute(first.encode())
        connection.execute(f'update "{name}" set "{column[0]}" = "{column[0]}"'.encode())  # noqa: S608
    for name in names(connection, "S"):
        connection.execute("select setval(%s, 4321)", [f'public."{name}"'])


def test_what_is_written_everywhere_is_put_back(copy: DatabaseCopy, whole: Content) -> None:
    assert content(copy.connection) == whole
    assert {name for name, rows in whole.items() if not rows} == EMPTY
    for _ in range(3):  # as often as one likes: rows and numbers are those of the template each time
        write_everywhere(copy.connection)
        spoilt = content(copy.connection)
        if copy.may_restore:
            assert [name for name, rows in whole.items() if rows and spoilt[name] == rows] == []
        assert spoilt != whole
        copy.put_back()
        assert content(copy.connection) == whole
    assert copy.made == 1 or not copy.may_restore


@pytest.mark.parametrize("turn", ["one", "another"])
def test_each_test_finds_the_network_as_it_was_built(
    database: Database, database_copy: DatabaseCopy, template: tuple[str, World], turn: str
) -> None:
    """Whichever of the two comes second finds nothing of the first."""
    with psycopg.connect(driver_url(with_database(database_copy.server, template[0]))) as connection:
        built = content(connection)
    assert content(database_copy.connection) == built, turn
    with database.engine.begin() as owner:
        owner.exec_driver_sql("insert into region (code, name, name_en) values ('99', 'Ailleurs', 'Elsewhere')")
    write_everywhere(database_copy.connection)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table college add column colour text",
        "alter table college alter column city drop not null",
        "alter table college alter column city set default 'Alma'",
        "alter table college disable row level security",
        "alter table role_held drop constraint fk_role_held_person_id_person",
        "create index on college (city)",
        "create table another (id int)",
        "create schema another",
        "create function another() returns int language sql return 1",
        "create policy another on college using (true)",
        "comment on schema public is 'under way'",
        "grant delete on college to escouade_app",
        "grant update (city) on college to escouade_app",
        "drop table view_log",
        "drop function verify_certificate",
    ],
)
def test_a_database_whose_objects_changed_is_made_again(copy: DatabaseCopy, whole: Content, statement: str) -> None:
    copy.connection.execute(statement.encode())
    copy.put_back()
    assert copy.made == 2
    assert content(copy.connection) == whole


def test_a_database_still_in_use_is_made_again(copy: DatabaseCopy, whole: Content) -> None:
    with psycopg.connect(driver_url(copy.url)) as left:
        left.execute("delete from view_log")
        copy.put_back()
        with pytest.raises(psycopg.OperationalError):
            left.execute("select 1")
    assert copy.made == 2
    assert content(copy.connection) == whole


def test_a_connection_that_was_not_given_back_is_ended(copy: DatabaseCopy, whole: Content) -> None:
    kept = copy.open().engine.connect()
    kept.exec_driver_sql("delete from view_log")
    copy.put_back()
    kept.invalidate()
    kept.close()
    assert copy.made == 2
    assert content(copy.connection) == whole


def test_a_test_that_ends_every_connection_ends_this_one_too(copy: DatabaseCopy, whole: Content) -> None:
    with psycopg.connect(driver_url(copy.server), autocommit=True) as other:
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [copy.name])
    copy.put_back()
    assert copy.made == 2
    assert content(copy.connection) == whole


def test_without_the_right_to_skip_foreign_keys_it_is_made_again(copy: DatabaseCopy, whole: Content) -> None:
    """On a server whose role is an ordinary one."""
    copy.may_restore = False
    write_everywhere(copy.connection)
    copy.put_back()
    assert copy.made == 2
    assert content(copy.connection) == whole


def test_listeners_and_hooks_of_a_test_are_its_own(copy: DatabaseCopy) -> None:
    heard: list[str] = []
    first = copy.open()
    event.listen(first.request_engine, "before_cursor_execute", lambda *call: heard.append(call[2]))
    first.before_commit = ()
    with first.transaction():
        assert heard
    heard.clear()
    second = copy.open()
    with second.transaction():
        assert heard == []
    assert second.before_commit
    assert second.request_engine.pool is first.request_engine.pool
