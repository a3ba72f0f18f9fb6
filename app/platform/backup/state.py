"""The state of a database, by which a backup is compared with what it was made from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, text

from app.platform.database.connections import engine_of
from app.platform.database.rights import read_rights

_TABLES = text(
    """
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
    """
)
_SIZE = text(
    """
    select coalesce(sum(pg_table_size(c.oid)), 0)::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    """
)
_OWNS_ALL = text(
    """
    select bool_and(pg_has_role(c.relowner, 'usage')) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    """
)
_MAJOR = text("select current_setting('server_version_num')::int / 10000")


class DatabaseState(BaseModel):
    """What must be the same after a restore: migration, rows of each table, end of the audit chain, rights.

    ``anchor`` is the last link of the chain, as ``escouade audit verify`` prints it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    migration: str | None
    rows: dict[str, int]
    anchor: str | None
    grants: int
    policies: int

    def differences(self, other: "DatabaseState") -> list[str]:
        """Return the names of what differs, tables by their names."""
        tables = sorted({name for name, _ in self.rows.items() ^ other.rows.items()})
        fields = ("migration", "anchor", "grants", "policies")
        return tables + [name for name in fields if getattr(self, name) != getattr(other, name)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A transaction that sees the database as it was at one moment, and the name by which another sees the same."""

    connection: Connection
    name: str


@contextmanager
def open_snapshot(owner_url: str) -> Iterator[Snapshot]:
    """Yield a snapshot of the database, held until the context ends."""
    engine = engine_of(owner_url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            connection.execute(text("set local lock_timeout = '60s'"))
            for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"set local {setting} = 0"))  # the copy of a large database takes its time
            yield Snapshot(connection, connection.execute(text("select pg_export_snapshot()")).scalar_one())
    finally:
        engine.dispose()


def read_state(owner: Connection) -> DatabaseState:
    """Return the state of the database of a connection."""
    tables = list(owner.execute(_TABLES).scalars())
    rows = {name: owner.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables}  # noqa: S608 - quoted by format
    rights = read_rights(owner)
    return DatabaseState(
        migration=_first(owner, tables, "alembic_version", "version_num"),
        rows=rows,
        anchor=_first(owner, tables, "audit_seal", "seq || ':' || mac", "order by seq desc limit 1"),
        grants=sum(line.startswith("grant ") for line in rights),
        policies=sum(line.startswith("policy ") for line in rights),
    )


def _first(owner: Connection, tables: list[str], table: str, column: str, order: str = "") -> str | None:
    if f"public.{table}" not in tables:
        return None
    value: str | None = owner.execute(text(f"select {column} from {table} {order}")).scalar()  # noqa: S608 - constants
    return value


def table_bytes(owner: Connection) -> int:
    """Return the size of all tables on the server's disk, without their indexes."""
    return int(owner.execute(_SIZE).scalar_one())


def owns_all(owner: Connection) -> bool:
    """Return whether the role of a connection owns every table: it would not see all rows of another's."""
    return owner.execute(_OWNS_ALL).scalar_one() is not False


def server_major(owner: Connection) -> int:
    """Return the server's major version."""
    return int(owner.execute(_MAJOR).scalar_one())
