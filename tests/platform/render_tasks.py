"""Functions that render pools run in the tests, importable by name in a process started with ``spawn``."""

import os
import signal
import tempfile
import time

from app.platform.errors import Conflict, Reason


def render(item: tuple[str, object]) -> bytes:
    """Return the bytes of an item, or fail in one of the possible ways."""
    verb, value = item
    return MAKERS[verb](value)


def _echo(value: object) -> bytes:
    return str(value).encode()


def _slowly(value: object) -> bytes:
    time.sleep(float(str(value)))
    return b"late"


def _gone(_: object) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _too_much(value: object) -> bytes:
    return bytes(bytearray(int(str(value))))


def _refused(value: object) -> bytes:
    raise Conflict("conflict", Reason("certificate_already", {"number": str(value)}))


def _faulty(value: object) -> bytes:
    raise ZeroDivisionError(value)


def _process(_: object) -> bytes:
    return str(os.getpid()).encode()


def _temporary(_: object) -> bytes:
    return tempfile.mkdtemp().encode()


MAKERS = {
    "echo": _echo, "slow": _slowly, "gone": _gone, "much": _too_much, "refused": _refused, "fault": _faulty,
    "process": _process, "temporary": _temporary,
}  # fmt: skip


def never_called(_: object) -> bytes:
    """Raise: a process that cannot start never renders (see :class:`DiesOnStart`)."""
    raise AssertionError


class DiesOnStart:
    """A function whose unpickling ends the worker process before it has started."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (3,)

    def __call__(self, item: object) -> bytes:
        return never_called(item)
