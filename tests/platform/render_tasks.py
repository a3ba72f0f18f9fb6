"""What presses make in the tests: importable by its name, for processes that start from nothing."""

import os
import signal
import time

from app.platform.errors import Conflict, Reason


def make(order: tuple[str, object]) -> bytes:
    """A thing, or one of the ways of not making it."""
    verb, value = order
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


MAKERS = {
    "echo": _echo, "slow": _slowly, "gone": _gone, "much": _too_much, "refused": _refused, "fault": _faulty,
    "process": _process,
}  # fmt: skip


def stillborn(_: object) -> bytes:
    """Never reached: see :class:`Unborn`."""
    raise AssertionError


class Unborn:
    """A maker that ends the process that reads it, before it has started."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (3,)

    def __call__(self, thing: object) -> bytes:
        return stillborn(thing)
