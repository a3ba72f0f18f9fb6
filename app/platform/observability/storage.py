"""The checks of where files are kept: a folder and its disk, or a bucket."""

import shutil
from collections.abc import Iterator

from app.platform.errors import Reason, StorageAway
from app.platform.files.opening import file_store
from app.platform.observability.checks import Check, CheckContext, Finding
from app.platform.observability.logs import describe

LEAST_FREE = 1024**3
"""Bytes that must be free where files are kept."""


def _store(context: CheckContext) -> Iterator[Finding]:
    """Write a file in the folder where files are kept, to the disk, and delete it."""
    files = file_store(context.settings)
    if context.settings.bucket is None:
        try:
            files.check()
        except OSError as error:
            yield Finding(Reason("files_not_writable", {"folder": files.place, "cause": describe(error)}))


def _bucket(context: CheckContext) -> Iterator[Finding]:
    """Write a file in the bucket where files are kept, read it and delete it.

    Requests are served without: all machines share the bucket, and taking them all out would help nobody.
    """
    files = file_store(context.settings)
    if context.settings.bucket is not None:
        try:
            files.check()
        except StorageAway as error:
            yield Finding(Reason("bucket_not_writable", {"place": files.place, "cause": str(error.params["detail"])}))


def _disk(context: CheckContext) -> Iterator[Finding]:
    folder = context.settings.data_dir
    if context.settings.bucket is None and folder.exists() and (free := shutil.disk_usage(folder).free) < LEAST_FREE:
        yield Finding(Reason("disk_nearly_full", {"folder": str(folder), "megabytes": free // 1024**2}))


STORE = Check("files", _store, is_critical=True)
BUCKET = Check("bucket", _bucket)
DISK = Check("disk", _disk)
