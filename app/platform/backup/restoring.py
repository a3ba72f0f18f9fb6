"""Restore a backup into an empty database and a file store: afterwards all of it is there, or nothing.

Everything that can refuse is asked before anything is changed. The role that holds the rights of requests is made
before the archive is read, as PostgreSQL grants nothing to a role that is missing. The files come next, each named once
it is whole, and the database last, in one transaction: no row ever names a file that is not there yet.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from app.platform.backup.files import put_back
from app.platform.backup.manifest import ARCHIVE, Backup, Manifest, check_contents
from app.platform.backup.programs import Program, find_program, run_program
from app.platform.backup.progress import Progress, Stage
from app.platform.backup.state import DatabaseState, read_state, server_major
from app.platform.database.connections import engine_of
from app.platform.database.login_role import make_app_role, make_login_role
from app.platform.database.session import APP_ROLE
from app.platform.errors import Conflict, Invalid, StorageAway, Unavailable
from app.platform.files.store import FileStore

_OBJECTS = sa.text(
    """
    select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    """
)
_MISSING_ROLES = sa.text(
    "select name from unnest(cast(:roles as text[])) name where name not in (select rolname from pg_roles) order by 1"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup is restored: the database as its owner and as requests reach it, the store of the files."""

    owner_url: str
    url: str
    files: FileStore


def restore(backup: Backup, target: Target, knows: Callable[[str], bool], progress: Progress) -> DatabaseState:
    """Restore a backup whose manifest was verified, and return the state of the database.

    ``knows`` says whether this program has a migration. Raise ``Invalid`` for a backup that is not whole, or of a newer
    program or server; ``Conflict`` for a database that is not empty; ``Unavailable`` where a program of PostgreSQL, a
    role or room is missing, or the work was interrupted: nothing is restored then.
    """
    manifest = backup.manifest
    if manifest.state.migration is None or not knows(manifest.state.migration):
        raise Invalid("backup_newer", version=manifest.version, migration=str(manifest.state.migration))
    program = _fitting_program(manifest, target)
    _refuse_without_room(manifest, target.files)
    progress.begin(Stage.VERIFY, manifest.bytes)
    check_contents(backup, progress.advance)
    make_app_role(target.owner_url)
    make_login_role(target.owner_url, target.url)
    added: list[str] = []
    try:
        progress.begin(Stage.FILES, sum(manifest.files.values()))
        put_back(backup.folder, manifest.files, target.files, added, progress.advance)
        progress.begin(Stage.LOAD, len(manifest.state.rows))
        _read_archive(backup.folder / ARCHIVE, program, target.owner_url, progress)
    except BaseException as error:
        with suppress(StorageAway):  # what is left then does no harm: no row names it, and a nightly job removes it
            for path in added:
                target.files.remove(path)
        if isinstance(error, OSError):
            raise Unavailable("restore_storage", folder=target.files.place, detail=error.strerror or "") from error
        raise
    return state_of(target.owner_url)


def _fitting_program(manifest: Manifest, target: Target) -> Program:
    """Return the program that reads the archive; raise where the database could not take all of it."""
    engine = engine_of(target.owner_url)
    try:
        with engine.connect() as owner:
            if objects := owner.execute(_OBJECTS).scalar_one():
                raise Conflict("database_not_empty", database=str(engine.url.database), objects=objects)
            server = server_major(owner)
            if server < manifest.server:
                raise Invalid("backup_newer_server", made_on=manifest.server, server=server)
            others = [role for role in manifest.roles if role != APP_ROLE]
            if missing := owner.execute(_MISSING_ROLES, {"roles": others}).scalars().all():
                raise Unavailable("roles_missing", roles=", ".join(missing))
    finally:
        engine.dispose()
    return find_program("pg_restore", oldest=manifest.archive_version, server=server)


def _refuse_without_room(manifest: Manifest, files: FileStore) -> None:
    held = {stored.path for stored in files.listed()}
    needed = sum(size for path, size in manifest.files.items() if path not in held)
    if (free := files.free_bytes()) is not None and needed > free:
        raise Unavailable("no_room", folder=files.place, needed=needed // 10**6 + 1, free=free // 10**6)


def _read_archive(path: Path, program: Program, url: str, progress: Progress) -> None:
    def on_line(line: str) -> None:
        if "processing data for table" in line:
            progress.advance(1)

    options = ("--single-transaction", "--exit-on-error", "--no-owner", str(path))
    run_program(program, *options, url=url, on_line=on_line)


def state_of(owner_url: str) -> DatabaseState:
    """Return the state of a database, as its owner sees it."""
    engine = engine_of(owner_url)
    try:
        with engine.connect() as owner:
            return read_state(owner)
    finally:
        engine.dispose()
