"""A store of files in a folder: atomic writes, and a sweep that loses nothing to a concurrent one."""

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from app.platform.errors import StorageAway, StorageFull, is_storage_full
from app.platform.files.store import DIGEST_LENGTH, RESTRICTED, SERVED, FileStore, Stored, digest, path_of

SWEPT_SUFFIX = ".swept"
PIECE = 1 << 20
RETRY_SECONDS = 5
_NAME = re.compile(rf"[0-9a-f]{{{DIGEST_LENGTH}}}(?:\{SWEPT_SUFFIX})?")


class FolderStore(FileStore):
    """The files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.root)

    def store(self, content: bytes) -> str:
        """Store bytes as :meth:`FileStore.store`; a crash leaves no partial file under a digest's name."""
        name = digest(content)
        path = self.root / path_of(name)
        with _errors_explained():
            try:
                os.utime(path)
            except FileNotFoundError:
                _write(path, content)
        return name

    def restrict(self, name: str) -> bool:
        """Move a file as :meth:`FileStore.restrict`."""
        restricted = self.root / path_of(name, RESTRICTED)
        restricted.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            (self.root / path_of(name)).replace(restricted)
            return True
        return False

    def exists(self, name: str) -> bool:
        """Return whether a file is served."""
        return (self.root / path_of(name)).is_file()

    def files_before(self, before: datetime) -> list[str]:
        """Return the paths of the files last stored before a moment."""
        files = (path for path in sorted((self.root / SERVED).glob("*/*")) if path.is_file())
        return [str(path.relative_to(self.root)) for path in files if _is_older(path, before)]

    def sweep(self, candidates: Iterable[str], referenced: Collection[str], before: datetime) -> int:
        """Delete as :meth:`FileStore.sweep`.

        Each file is renamed, its age is checked again, and only then is it deleted: a file that was stored again in
        between is young and gets its name back, and one that is stored afterwards is written anew. A file that an
        interrupted sweep left renamed gets its name back too.
        """
        paths = [self.root / candidate for candidate in candidates]
        return sum(
            _delete(path, before)
            for path in paths
            if path.name[:DIGEST_LENGTH] not in referenced or _restore_name(path)
        )

    def check(self) -> None:
        """Write a file to the disk, and delete it."""
        served = self.root / SERVED
        served.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=served) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

    def free_bytes(self) -> int:
        """Return how much room the disk has; the folder is made."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self.root).free

    # Backups ---------------------------------------------------------------------------------------

    def listed(self) -> Iterator[Stored]:
        """Yield the files, under their own names those that a sweep has renamed."""
        for folder in (SERVED, RESTRICTED):
            for path in sorted((self.root / folder).glob("*/*")):
                if _NAME.fullmatch(path.name):
                    with suppress(FileNotFoundError):
                        yield Stored(path_of(path.name[:DIGEST_LENGTH], folder), path.stat().st_size)

    def copy_out(self, path: str, target: Path) -> None:
        """Copy a file out, one that a sweep has renamed too."""
        source = self.root / path
        try:
            copy_file(source, target)
        except FileNotFoundError:
            copy_file(source.with_suffix(SWEPT_SUFFIX), target)

    def put_back(self, path: str, source: Path) -> None:
        """Copy a file in; it is named once it is whole."""
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = whole.with_name(f"{whole.name}.restoring")
        partial.unlink(missing_ok=True)
        try:
            copy_file(source, partial)
            partial.replace(whole)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.root / path).unlink(missing_ok=True)

    def sync(self) -> None:
        """Write the names of the files to the disk."""
        sync_folders(self.root)

    def _read(self, path: str) -> bytes:
        with _errors_explained():
            return (self.root / path).read_bytes()


@contextmanager
def _errors_explained() -> Iterator[None]:
    """Raise ``StorageFull`` or ``StorageAway`` for what the system answers, but for a file that is missing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if is_storage_full(error):
            raise StorageFull from error
        raise StorageAway(retry_after=RETRY_SECONDS, detail=error.strerror or "") from error


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to a new one, readable by its owner only and written to the disk."""
    with source.open("rb") as content:
        write_file(iter(lambda: content.read(PIECE), b""), target)


def write_file(pieces: Iterable[bytes], target: Path) -> None:
    """Write a new file, readable by its owner only, to the disk."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def sync_folders(root: Path) -> None:
    """Write the names of the files of a folder, and of those below, to the disk."""
    for folder, _, _ in os.walk(root):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def _delete(path: Path, before: datetime) -> bool:
    renamed = path.with_suffix(SWEPT_SUFFIX)
    with suppress(FileNotFoundError):
        path.replace(renamed)
        if _is_older(renamed, before):
            renamed.unlink()
            return True
        renamed.replace(path)
    return False


def _restore_name(path: Path) -> bool:
    """Give a referenced file its name back; return ``False``: it is not to be deleted."""
    path.replace(path.with_suffix(""))
    return False


def _is_older(path: Path, moment: datetime) -> bool:
    return path.stat().st_mtime < moment.timestamp()
