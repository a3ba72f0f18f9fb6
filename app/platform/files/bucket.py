"""A store of files in a bucket of an S3-compatible service, through ``obstore`` (docs/decisions/0027)."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from app.platform.errors import StorageAway
from app.platform.files.address import Bucket
from app.platform.files.folder import PIECE, write_file
from app.platform.files.store import DIGEST_LENGTH, RESTRICTED, SERVED, FileStore, Stored, digest, path_of
from app.platform.observability.metrics import FILE_FAILURES, FILE_SECONDS

if TYPE_CHECKING:
    from obstore.store import S3Store

CONNECT_SECONDS = CHECK_SECONDS = 2
RETRIES = 1
"""Of a broken connection, or an answer from 500 on: whoever waits is a request, or a job that comes again."""
RETRY_AFTER = 5
SWEPT, CHECKED = "swept", "check"
"""Folders of the files that a sweep is about to delete, and of those that checks write."""
ANSWER = (r"status code: ([^:\n]+)", r"<Code>(\w+)</Code>", r"HttpError \{\s+kind: (\w+)")
"""What errors of the client say: the status, the code of the service, or the kind of failure without an answer."""
log = logging.getLogger("escouade.files")


class BucketStore(FileStore):
    """The files of a bucket. The client is made when it is first used: processes that serve are forked before."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    @property
    def place(self) -> str:
        """The bucket, and the service."""
        return f"s3://{self.bucket.name} ({self.bucket.endpoint or self.bucket.region})"

    @cached_property
    def _client(self) -> "S3Store":
        from obstore.store import S3Store  # noqa: PLC0415 - only where it is used: 8 MB

        first, last = timedelta(seconds=0.1), timedelta(seconds=0.5)
        return S3Store(
            self.bucket.name,
            endpoint=self.bucket.endpoint,
            region=self.bucket.region,
            access_key_id=self.bucket.access_key,
            secret_access_key=self.bucket.secret_key,
            virtual_hosted_style_request=self.bucket.endpoint is None,
            disable_bulk_delete=True,  # not every service has it
            client_options={
                "allow_http": True,  # settings refuse it in production, but for this machine
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=self.bucket.seconds),
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=self.bucket.seconds),
                "backoff": {"init_backoff": first, "max_backoff": last, "base": 2},
            },
        )

    def store(self, content: bytes) -> str:
        """Store bytes as :meth:`FileStore.store`: one request, which the service takes whole or not at all."""
        name = digest(content)
        with self._answered("put"):
            self._client.put(path_of(name), content, use_multipart=False)
        return name

    def restrict(self, name: str) -> bool:
        """Copy a file to the restricted folder, then delete it from the served one."""
        return self._move(path_of(name), path_of(name, RESTRICTED))

    def exists(self, name: str) -> bool:
        """Return whether a file is served, or only moved by a sweep."""
        return any(self._size(path_of(name, folder)) is not None for folder in (SERVED, SWEPT))

    def files_before(self, before: datetime) -> list[str]:
        """Return the paths of the files last stored before a moment, then of those that a sweep moved before it."""
        return [path for folder in (SERVED, SWEPT) for path, _, at in self._list(folder) if at < before]

    def sweep(self, candidates: Iterable[str], referenced: Collection[str], before: datetime) -> int:
        """Delete as :meth:`FileStore.sweep`, in two sweeps, as a bucket cannot delete what is still old and that alone.

        The first moves a file; one stored again meanwhile may be moved with it, and is still read there. The second, a
        day later, deletes it, or moves it back if a row refers to it by then.
        """
        deleted = 0
        for path in candidates:
            name = path.rpartition("/")[2]
            if path.startswith(f"{SWEPT}/"):
                if name in referenced:
                    self._move(path, path_of(name))
                else:
                    self.remove(path)
                    deleted += 1
            elif name not in referenced and self._size(path, before) is not None:
                self._move(path, path_of(name, SWEPT))
        return deleted

    def check(self) -> None:
        """Write a file, read it and delete it, within a few seconds: whoever asks waits."""
        path, content = f"{CHECKED}/{token_hex(8)}", token_hex(8).encode()
        asked = BucketStore(replace(self.bucket, seconds=min(self.bucket.seconds, CHECK_SECONDS)))
        with asked._answered("check"):
            asked._client.put(path, content, use_multipart=False)
            found = bytes(asked._client.get(path).bytes())
            asked._client.delete(path)
        if found != content:
            raise StorageAway(retry_after=RETRY_AFTER, detail="another content was read than was written")

    def free_bytes(self) -> None:
        """Return ``None``: a bucket has no size."""
        return

    # Backups ---------------------------------------------------------------------------------------

    def listed(self) -> Iterator[Stored]:
        """Yield the files, under their own names those that a sweep has moved."""
        return chain.from_iterable(self.listings())

    def listings(self) -> Iterator[Iterator[Stored]]:
        """Return for each folder what :meth:`listed` yields, by name, asking the service for a thousand at a time."""
        return (self._stored(*folder) for folder in ((SERVED, SERVED), (RESTRICTED, RESTRICTED), (SWEPT, SERVED)))

    def copy_out(self, path: str, target: Path) -> None:
        """Copy a file out in pieces, one that a sweep has moved too."""
        with self._answered("get"):
            try:
                found = self._client.get(path)
            except FileNotFoundError:
                found = self._client.get(self._swept(path))
            write_file((bytes(piece) for piece in found.stream(PIECE)), target)

    def put_back(self, path: str, source: Path) -> None:
        """Copy a file in."""
        content = source.read_bytes()
        with self._answered("put"):
            self._client.put(path, content, use_multipart=False)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._answered("delete"), suppress(FileNotFoundError):
            self._client.delete(path)

    def sync(self) -> None:
        """Return: what the service has taken, it keeps."""

    # Requests --------------------------------------------------------------------------------------

    def _read(self, path: str) -> bytes:
        with self._answered("get"):
            try:
                return bytes(self._client.get(path).bytes())
            except FileNotFoundError:
                return bytes(self._client.get(self._swept(path)).bytes())

    def _move(self, path: str, target: str) -> bool:
        """Copy a file, then delete it; return whether it was there."""
        with self._answered("move"):
            try:
                self._client.copy(path, target)
            except FileNotFoundError as error:
                _refuse_missing_bucket(error)
                return False
            self._client.delete(path)
        return True

    def _size(self, path: str, before: datetime | None = None) -> int | None:
        """Return the size of a file; ``None`` where there is none, or none last stored before a moment."""
        with self._answered("head"), suppress(FileNotFoundError):
            found = self._client.head(path)
            if before is None or found["last_modified"] < before:
                return found["size"]
        return None

    def _stored(self, folder: str, shown: str) -> Iterator[Stored]:
        return (Stored(path_of(path.rpartition("/")[2], shown), size) for path, size, _ in self._list(folder))

    def _list(self, folder: str) -> Iterator[tuple[str, int, datetime]]:
        """Yield the path, size and age of the files of a folder; of those named by a digest only."""
        with self._answered("list"):
            for page in self._client.list(f"{folder}/"):
                for found in page:
                    if len(found["path"].rpartition("/")[2]) == DIGEST_LENGTH:
                        yield found["path"], found["size"], found["last_modified"]

    def _swept(self, path: str) -> str:
        return path_of(path.rpartition("/")[2], SWEPT) if path.startswith(f"{SERVED}/") else path

    @contextmanager
    def _answered(self, operation: str) -> Iterator[None]:
        """Raise ``StorageAway`` where the service does not answer, or refuses; a file that is missing stays that."""
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            with FILE_SECONDS.labels(operation).time():
                yield
        except FileNotFoundError as error:
            _refuse_missing_bucket(error)
            raise
        except BaseError as error:
            raise _away(error) from error


def _refuse_missing_bucket(error: FileNotFoundError) -> None:
    """Raise ``StorageAway`` where not the file but the whole bucket is missing: no file of it is lost."""
    if "NoSuchBucket" in str(error):
        raise _away(error) from error


def _away(error: Exception) -> StorageAway:
    """Return the refusal, and log why: what the service answered, or how its answer was waited for, and no path."""
    text = str(error)
    answered = [found[1] for pattern in ANSWER if (found := re.search(pattern, text)) is not None]
    detail = " ".join(answered) or type(error).__name__
    FILE_FAILURES.inc()
    log.warning("the bucket of files does not do its work: %s", detail)
    return StorageAway(retry_after=RETRY_AFTER, detail=detail)
