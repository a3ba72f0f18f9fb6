"""Write a backup: the database at one moment, then the stored files, then the manifest; named once it is whole."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from app.platform.backup.files import keep_file
from app.platform.backup.manifest import (
    ARCHIVE,
    MANIFEST,
    Content,
    Manifest,
    key_names,
    measure,
    refuse_other_keyring,
    sealed,
)
from app.platform.backup.programs import Program, find_program, run_program
from app.platform.backup.progress import Progress, Stage
from app.platform.backup.state import open_snapshot, owns_all, read_state, server_major, table_bytes
from app.platform.clock import now
from app.platform.database.rights import read_grantees
from app.platform.documents.references import referenced_files
from app.platform.errors import Conflict, Unavailable
from app.platform.files.folder import sync_folders
from app.platform.files.store import FileStore
from app.platform.security.keyring import Keyring

COMPLETE = re.compile(r"escouade-\d{8}T\d{6}Z(?:-\d+)?")
PARTIAL = ".partial-"
DUMP_SHARE = 2
"""An archive is compressed: it takes less than half of what the tables do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: the database as its owner, the store of the files, the keyring that seals the manifest."""

    owner_url: str
    files: FileStore
    keyring: Keyring


def write_backup(place: Path, source: Source, progress: Progress) -> tuple[Path, Manifest]:
    """Write a new backup in a folder of backups, and return its own folder and its manifest.

    Until it is whole it has a name that no restore accepts, and whatever interrupts it removes it. Writers go on: the
    archive is of one moment, and the files are listed after that moment, so that none that a row names is left out.
    Raise ``Unavailable`` where the disk is full or lacks room, ``Conflict`` while another backup is written there.
    """
    with _errors_explained(place), _locked(place):
        for leftover in place.glob(f"{PARTIAL}*"):
            shutil.rmtree(leftover)
        name = _new_name(place)
        partial = place / f"{PARTIAL}{name}"
        partial.mkdir(mode=0o700)
        try:
            manifest = _fill(partial, source, progress, earlier=next(iter(complete_backups(place)), None))
            (partial / MANIFEST).write_text(sealed(manifest, source.keyring), encoding="utf-8")
            (partial / MANIFEST).chmod(0o600)
            _sync(partial / MANIFEST)
            sync_folders(partial)
            partial.rename(place / name)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _sync(place)
    return place / name, manifest


def complete_backups(place: Path) -> list[Path]:
    """Return the backups of a folder of backups, newest first."""
    found = (path for path in place.glob("escouade-*") if COMPLETE.fullmatch(path.name) and (path / MANIFEST).exists())
    return sorted(found, key=lambda path: path.name, reverse=True)


def remove_old(place: Path, keep: int) -> list[Path]:
    """Remove all backups of a folder but the newest ``keep``; return those that were removed."""
    with _errors_explained(place), _locked(place):
        removed = complete_backups(place)[keep:]
        for path in removed:
            gone = path.with_name(f"{PARTIAL}{path.name}")
            path.rename(gone)  # a removal that is interrupted leaves nothing that looks whole
            shutil.rmtree(gone)
    return removed


def _fill(partial: Path, source: Source, progress: Progress, *, earlier: Path | None) -> Manifest:
    made_at = now()  # what is acknowledged before is in the snapshot
    with open_snapshot(source.owner_url) as snapshot:
        owner = snapshot.connection
        if not owns_all(owner):
            raise Unavailable("owner_address_missing")
        server = server_major(owner)
        refuse_other_keyring(owner, source.keyring)
        program = find_program("pg_dump", oldest=server, server=server)
        _refuse_without_room(partial, table_bytes(owner) // DUMP_SHARE)
        state, roles = read_state(owner), read_grantees(owner)
        progress.begin(Stage.DUMP, len(state.rows))
        _dump(partial / ARCHIVE, program, source.owner_url, snapshot.name, progress)
        referenced = referenced_files(owner)
    progress.begin(Stage.DIGEST, (partial / ARCHIVE).stat().st_size)
    size, digest = measure(partial / ARCHIVE, progress.advance)
    files = _copy_files(partial, source.files, progress, earlier)
    return Manifest(
        version=__version__,
        made_at=made_at,
        server=server,
        archive_version=program.major,
        archive=Content(bytes=size, sha256=digest),
        state=state,
        roles=roles,
        keys=key_names(source.keyring),
        files=files,
        missing=tuple(sorted(referenced - {name.rpartition("/")[2] for name in files})),
    )


def _dump(path: Path, program: Program, url: str, snapshot: str, progress: Progress) -> None:
    """Write the archive of the database as a snapshot sees it; its owner passes row-level security, or it fails."""
    path.touch(mode=0o600)

    def on_line(line: str) -> None:
        if "dumping contents of table" in line:
            progress.advance(1)

    options = ("--format=custom", f"--snapshot={snapshot}", "--lock-wait-timeout=60000", f"--file={path}")
    run_program(program, *options, url=url, on_line=on_line)
    _sync(path)


def _copy_files(partial: Path, files: FileStore, progress: Progress, earlier: Path | None) -> dict[str, int]:
    found = list(files.listed())
    _refuse_without_room(partial, sum(s.bytes for s in found if earlier is None or not (earlier / s.path).exists()))
    progress.begin(Stage.FILES, sum(stored.bytes for stored in found))
    copied: dict[str, int] = {}
    for stored in found:
        for path in stored.paths:
            if path not in copied:
                before = earlier / path if earlier is not None else None
                size = keep_file(files, path, partial / path, earlier=before, on_bytes=progress.advance)
                if size is not None:
                    copied[path] = size
                    break
    return copied


def _refuse_without_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Unavailable("no_room", folder=str(folder.parent), needed=_megabytes(needed), free=_megabytes(free))


def _megabytes(size: int) -> int:
    return -(-size // 1_000_000)


def _new_name(place: Path) -> str:
    name = f"escouade-{now():%Y%m%dT%H%M%SZ}"
    others = sum(path.name.startswith(name) for path in place.iterdir())
    return f"{name}-{others + 1}" if others else name


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the folder of backups, so that no two processes write or remove there at once."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("backup_under_way", folder=str(place)) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _errors_explained(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(error.filename or place)
        raise Unavailable("backup_storage", folder=where, detail=error.strerror or str(error)) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
