"""A process of its own for what needs libraries that take much memory: PDF, signatures, fonts, JSON-LD.

Imported where requests are served, WeasyPrint, pyHanko, pyld and fontTools would take 90 MB for good
(``tests/access/test_memory.py``). One process does such work for all threads, one piece after the other, within the
limits of a render pool; it starts when it is needed, and ends once it has been idle for a while.
"""

import copyreg
import os
import pickle
import threading
import traceback
from collections.abc import Callable
from multiprocessing import current_process
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from app.platform.documents.lent_pools import LentPools
from app.platform.documents.render_pool import RenderFailure, RenderPool, RenderPoolUnavailable
from app.platform.errors import StorageFull, Unavailable, is_storage_full

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
RETRY_SECONDS = 5
"""How long whoever did not get a turn is asked to wait before another try."""
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


copyreg.pickle(MappingProxyType, lambda mapping: (_read_only, (dict(mapping),)))  # in reasons and pages


def _run(call: Call) -> bytes:
    function, args, kwargs = call
    try:
        return pickle.dumps((function(*args, **kwargs), None))
    except MemoryError:
        raise  # the pool replaces a process whose memory is exhausted
    except Exception as error:
        error.add_note("In the document process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        return pickle.dumps((None, _portable(error)))


def _portable(error: Exception) -> Exception:
    """Return the error itself or, where a library's cannot be pickled, a ``RuntimeError`` that quotes it."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return RuntimeError(*getattr(error, "__notes__", ()))
    return error


class DocumentProcess:
    """The process that such work is sent to, by one thread at a time.

    ``seconds`` is the time limit of one piece of work, ``megabytes`` what the process may allocate (on Linux only),
    ``patience`` how many seconds one waits for its turn, however long when ``None``.
    """

    def __init__(self, *, seconds: float = 60, megabytes: int = 600, patience: float | None = None) -> None:
        self._seconds = seconds
        self._megabytes = megabytes
        self._patience = -1 if patience is None else patience
        self._start_anew()
        os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        """Leave the process to the parent of a fork: two that share its pipe would read each other's answers."""
        self._lock = threading.Lock()
        self._pools: LentPools[Call] = LentPools(
            lambda: RenderPool(_run, processes=1, seconds=self._seconds, megabytes=self._megabytes)
        )

    def call(self, function: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        """Return what a function of a module returns, or raise what it raises, run in the process.

        Arguments and result are picklable. A process of a render pool, which may have no children, runs it itself.
        Raise :class:`RenderPoolUnavailable` when the process does not start, or with the reason when it takes too long
        or too much memory, or dies, :class:`StorageFull` when there is no room for its temporary files, and
        ``Unavailable("busy")`` when one's turn does not come in time.
        """
        if current_process().daemon:
            return function(*args, **kwargs)
        if not self._lock.acquire(timeout=self._patience):
            raise Unavailable("busy", retry_after=RETRY_SECONDS)
        try:
            result = self._pools.render((function, args, kwargs))
        finally:
            self._lock.release()
        if isinstance(result, RenderFailure):
            raise RenderPoolUnavailable(None, result.reason)
        answer, error = pickle.loads(result)  # noqa: S301 - from a process of our own
        if is_storage_full(error):
            raise StorageFull from error
        if error is not None:
            raise error
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process, unless it is at work."""
        self._pools.close()


_process = DocumentProcess()
in_document_process = _process.call
