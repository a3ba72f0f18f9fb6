"""The store of files of a deployment, as its settings choose it."""

from functools import cache

from app.platform.config import Settings
from app.platform.files.address import Bucket
from app.platform.files.bucket import BucketStore
from app.platform.files.folder import FolderStore
from app.platform.files.store import FileStore


def file_store(settings: Settings) -> FileStore:
    """Return the store: the bucket that the settings name, else the folder of the data."""
    bucket = settings.bucket
    return FolderStore(settings.data_dir) if bucket is None else _bucket_store(bucket)


@cache
def _bucket_store(bucket: Bucket) -> BucketStore:
    """Return the store of a bucket, one a process: its connections are kept."""
    return BucketStore(bucket)
