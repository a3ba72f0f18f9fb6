"""A copy of a template database that is put back as it was, instead of being made again for each test.

Transactions of a test are real and committed. Afterwards the copy is compared with the template, and only what
differs is written again:

- rows: a table was written to if its number of rows or the sum of their ``xmin`` changed. Later transactions have
  greater numbers, so as many rows with the same sum are the same rows;
- sequences, so that ids are the same in each test;
- the catalogue: a table, column, constraint, policy, function, grant or comment that changed.

What was put back is compared with the template by digest, in the order in which a scan returns it. Where rows
cannot be put back (the catalogue changed, a connection is still at work, the role may not skip foreign keys), the
database is dropped with whoever is in it and made again.
"""

import time
from contextlib import suppress
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import event

from app.platform.database.transaction import Database
from tests.audit_check import audited
from tests.server import copy_database, driver_url, opened, run_on_server, with_database

LEAVING = 0.1
"""Seconds in which a connection that was closed may still be listed by the server."""

RETURNING = 2.0
"""Seconds in which a thread that outlives its test may end its transaction."""

KEPT = 4
"""Connections at most that wait for the next test: all workers share what the server allows."""

PARTS_OF_CATALOGUE = " union all ".join(
    f"select '{table}', count(*), coalesce(sum(xmin::text::bigint), 0)::bigint from {table} where {ours}"  # noqa: S608
    for table, ours in {
        "pg_class": "oid >= 16384",
        "pg_attribute": "attrelid >= 16384",
        "pg_attrdef": "adrelid >= 16384",
        "pg_constraint": "oid >= 16384",
        "pg_policy": "polrelid >= 16384",
        "pg_trigger": "tgrelid >= 16384",
        "pg_proc": "oid >= 16384",
        "pg_namespace": "true",
        "pg_description": "classoid = 'pg_namespace'::regclass or objoid >= 16384",
    }.items()
)
"""Objects that are ours (system objects have smaller numbers) and the schemas with their comments."""

Counts = dict[str, tuple[int, int]]


class State(NamedTuple):
    """What a write of any kind changes."""

    tables: Counts
    sequences: Counts
    catalogue: Counts


def drop_database(url: str, name: str) -> None:
    """Drop a database; an ordinary role may not end an autovacuum at work in it, and waits instead."""
    for _ in range(50):
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            run_on_server(url, f"drop database if exists {name} with (force)")
            return
        time.sleep(0.2)
    raise RuntimeError(f"{name} is still in use")


class DatabaseCopy:
    """One copy of a template; ``open`` it for a test, ``put_back`` what the test wrote."""

    connection: psycopg.Connection
    """The owner's, outside any transaction; another one once the copy was made again."""

    def __init__(self, server: str, template: str, name: str = "copy") -> None:
        self.server, self.template, self.name = server, template, f"{template}_{name}"
        self.url = with_database(server, self.name)
        self.made = 0
        first = opened(self.url)  # its engines serve all tests: they keep the statements they have compiled
        self._engines = (first.request_engine, first.engine)
        self._lent: set[Any] = set()
        for engine in self._engines:
            event.listen(engine, "checkout", lambda connection, *_: self._lent.add(connection))
            event.listen(engine, "checkin", lambda connection, *_: self._lent.discard(connection))
        self._make()
        self._tables, self._sequences = self._names("r"), self._names("S")
        self._state_query = self._states()
        self._rows = {table: self._copied_out(table) for table in self._tables}
        self._digests = self._digest(self._tables)
        self._before = self.state()

    def open(self, *, audit: bool = True) -> Database:
        """Return the database as a test uses it: its own hooks and listeners over connections kept from the last."""
        found = opened(self.url)
        found = audited(found) if audit else found
        found.request_engine, found.engine = (engine.execution_options() for engine in self._engines)
        found.dispose = lambda: None  # type: ignore[method-assign]  # the application stops after each test
        return found

    def put_back(self) -> None:
        """Make the copy equal to its template again."""
        if not self._restore():
            self._make()
            self._before = self.state()

    def close(self) -> None:
        """Drop the copy."""
        self._dispose()
        self.connection.close()
        drop_database(self.server, self.name)

    def state(self) -> State:
        """Read what any write would have changed."""
        parts: dict[str, Counts] = {"r": {}, "S": {}, "c": {}}
        for kind, name, first, second in self.connection.execute(self._state_query, prepare=True):
            parts[kind][name] = (first, second)
        return State(parts["r"], parts["S"], parts["c"])

    def _make(self) -> None:
        if self.made:
            self.connection.close()
        self._dispose()
        drop_database(self.server, self.name)
        copy_database(self.server, self.name, self.template)
        self.connection = psycopg.connect(driver_url(self.url), autocommit=True)
        self.connection.execute("set lock_timeout = '5s'")
        try:
            self.connection.execute("set session_replication_role = replica")  # foreign keys hold in the template
            self.may_restore = True
        except psycopg.errors.InsufficientPrivilege:
            self.may_restore = False
        self.made += 1

    def _dispose(self) -> None:
        for engine in self._engines:
            engine.dispose()
        for connection in self._lent:  # would be reported as left open by whichever test runs when it is collected
            connection.close()
        self._lent.clear()

    def _restore(self) -> bool:
        """Write again the rows and sequences that differ; tell whether all is as in the template."""
        if not self.may_restore:
            return False
        try:
            if self._is_in_use():
                return False
            now = self.state()
            if now.catalogue != self._before.catalogue:
                return False
            changed = [name for name in self._tables if now.tables[name] != self._before.tables[name]]
            self._write(changed)
            self._set_sequences([s for s in self._sequences if now.sequences[s] != self._before.sequences[s]])
            after = self.state()
        except psycopg.Error:  # a table is gone, a lock is held, the server ended us: made again, it is right anyhow
            return False
        untouched = {n: c for n, c in after.tables.items() if n not in changed}
        equal = (
            after.sequences == self._before.sequences
            and untouched.items() <= self._before.tables.items()
            and self._digest(changed) == {name: self._digests[name] for name in changed}
        )
        self._before = after
        return equal

    def _write(self, tables: list[str]) -> None:
        if not tables:
            return
        deletes = "; ".join(f"delete from {name}" for name in tables)  # noqa: S608 - names read from the catalogue
        self.connection.execute(deletes.encode())
        # Rows then fill the pages again from the first one; a short one may come before a long one that it followed.
        self.connection.execute(("vacuum " + ", ".join(tables)).encode())
        for name in tables:
            with (
                self.connection.cursor() as cursor,
                cursor.copy(f"copy {name} from stdin (format binary)".encode()) as rows,
            ):
                rows.write(self._rows[name])

    def _set_sequences(self, names: list[str]) -> None:
        for name in names:
            last, called = self._before.sequences[name]
            self.connection.execute("select setval(%s, %s, %s)", (name, last, bool(called)))

    def _is_in_use(self) -> bool:
        """Whether a connection is out of the pools, or one that is not of the pools stays after its end."""
        pools: list[Any] = [engine.pool for engine in self._engines]
        deadline = time.monotonic() + RETURNING
        while any(pool.checkedout() for pool in pools):
            if time.monotonic() > deadline:
                return True
            time.sleep(0.002)
        if sum(pool.checkedin() for pool in pools) > KEPT:
            self._dispose()
            pools = [engine.pool for engine in self._engines]
        kept = sum(pool.checkedin() for pool in pools)
        deadline = time.monotonic() + LEAVING
        while True:
            found = self.connection.execute(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()",
                prepare=True,
            ).fetchone()
            if found is not None and found[0] <= kept:
                return False
            if time.monotonic() > deadline:
                return True
            time.sleep(0.002)

    def _names(self, kind: str) -> list[str]:
        query = (
            "select format('%%I.%%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where relkind = %s and nspname in ('public', 'queue')"
        )
        return sorted(row[0] for row in self.connection.execute(query, [kind]))

    def _states(self) -> bytes:
        tables = (
            f"select 'r', '{t}', count(*), coalesce(sum(xmin::text::bigint), 0)::bigint from {t}"  # noqa: S608
            for t in self._tables
        )
        sequences = (f"select 'S', '{s}', last_value, is_called::int from {s}" for s in self._sequences)  # noqa: S608
        catalogue = PARTS_OF_CATALOGUE.replace("select '", "select 'c', '")
        return " union all ".join([*tables, *sequences, catalogue]).encode()

    def _copied_out(self, table: str) -> bytes:
        statement = f"copy {table} to stdout (format binary)".encode()
        with self.connection.cursor() as cursor, cursor.copy(statement) as rows:
            return b"".join(bytes(part) for part in rows)

    def _digest(self, tables: list[str]) -> dict[str, str]:
        if not tables:
            return {}
        parts = (
            f"select '{t}', md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {t} t"  # noqa: S608
            for t in tables
        )
        return dict(self.connection.execute(" union all ".join(parts).encode()).fetchall())
