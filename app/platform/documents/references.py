"""The stored files that rows of the database refer to."""

from sqlalchemy import Connection, text

from app.platform.audit.data_register import file_columns

_COLUMNS = text("select table_name, column_name from information_schema.columns where table_schema = 'public'")


def referenced_files(owner: Connection) -> set[str]:
    """Return the digest of every file that a row refers to: alone, as ``<sha256>.png``, or inside a record.

    Columns that an older database lacks refer to nothing.
    """
    existing = {(table, column) for table, column in owner.execute(_COLUMNS)}
    parts = [
        f"select (regexp_matches(cast({column} as text), '[0-9a-f]{{64}}', 'g'))[1] from {table}"  # noqa: S608 - constant names
        for table, column in file_columns()
        if (table, column) in existing
    ]
    return set(owner.execute(text(" union ".join(parts))).scalars()) if parts else set()
