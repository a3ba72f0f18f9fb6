"""``docs/row-security.md``: what the database itself lets a request read and write, read from a migrated database."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import ascii_uppercase
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, create_engine, text

from app.deployment import upgrade
from app.platform.database.embedded import embedded_server
from app.platform.database.session import APP_ROLE

COMMANDS = ("select", "insert", "update", "delete")

_TABLES = text(
    """
    select c.relname as name, c.relrowsecurity as secured,
           array(select p from unnest(cast(:commands as text[])) p
                  where has_table_privilege(:role, c.oid, p)) as granted,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                    and has_column_privilege(:role, c.oid, a.attnum, 'update')) as some_columns
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'
     order by c.relname
    """
)
_POLICIES = text(
    """
    select tablename, lower(cmd) as command, coalesce(qual, '') as visible, coalesce(with_check, '') as allowed
      from pg_policies where schemaname = 'public' order by tablename, command
    """
)


def page(connection: Connection) -> str:
    """Return the page for the database of a connection, in Markdown."""
    policies: dict[str, dict[str, str]] = defaultdict(dict)
    for policy in connection.execute(_POLICIES):
        policies[policy.tablename][policy.command] = policy.allowed or policy.visible
    conditions = sorted({condition for by_command in policies.values() for condition in by_command.values()})
    letters = {condition: _letter(number) for number, condition in enumerate(conditions)}
    lines = [
        "# Row-level security",
        "",
        f"Requests connect as `{APP_ROLE}`, or a member of it, which owns nothing. A cell says on which rows the",
        "command works: a letter is a condition of the list below, *all* means every row (the table is common to the",
        "network), *columns* an update of some columns only, and an empty cell that the role may not do it at all.",
        "`acting_…` are what the application sealed for the transaction (decision 18); the settings beside them help",
        "the planner alone.",
        "",
        *(f"- **{letter}**: `{' '.join(condition.split())}`" for condition, letter in letters.items()),
        "",
        "| table | " + " | ".join(COMMANDS) + " |",
        "|---" * (len(COMMANDS) + 1) + "|",
    ]
    for table in connection.execute(_TABLES, {"commands": list(COMMANDS), "role": APP_ROLE}):
        cells = [_cell(table, command, policies[table.name], letters) for command in COMMANDS]
        lines.append(f"| `{table.name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _letter(number: int) -> str:
    before, letter = divmod(number, len(ascii_uppercase))
    return (_letter(before - 1) if before else "") + ascii_uppercase[letter]


def _cell(table: Any, command: str, policies: dict[str, str], letters: dict[str, str]) -> str:  # noqa: ANN401 - a row
    granted, secured = table.granted, table.secured
    if command == "update" and "update" not in granted and table.some_columns:
        return "columns" + (f", {letters[policies['update']]}" if "update" in policies else "")
    if command not in granted:
        return ""
    if not secured:
        return "all"
    condition = policies.get(command) or policies.get("all")
    return letters[condition] if condition else ""


@contextmanager
def migrated_database() -> Iterator[Connection]:
    """Yield a connection to a fresh, migrated database of an embedded server of its own."""
    with TemporaryDirectory() as folder, embedded_server(Path(folder) / "postgresql") as url:
        upgrade(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            yield connection
        engine.dispose()
