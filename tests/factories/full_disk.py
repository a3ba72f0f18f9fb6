"""A disk that is full: the largest file that a process may write stands for it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let this process and its children write no larger file, as if the disk were full beyond (EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        for child in active_children():
            with suppress(ProcessLookupError):
                resource.prlimit(child.pid or 0, resource.RLIMIT_FSIZE, before)
