"""What is noted of one request while it runs, for its line in the log and for the metrics."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_ID = "X-Request-ID"
"""The header that gives a request its id, and returns it."""
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


@dataclass(slots=True)
class Figures:
    """The id of a request, why it was refused, and what it took: statements, and the
    seconds before a connection was free (``None``: it asked for none).

    ``code`` is the stable code of its refusal, ``cause`` what made the service refuse it (an exception's class, an
    SQLSTATE): never a value.
    """

    id: str
    code: str | None = None
    cause: str | None = None
    statements: int = 0
    waited: float | None = None


current: ContextVar[Figures | None] = ContextVar("figures", default=None)
"""The figures of the request under way; also in the threads that work for it."""


def request_id(given: str) -> str:
    """Return the id that the sender gave, when it is well-formed, else a new one of 16 hexadecimal digits."""
    return given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(8)


def count_statement(*_: object) -> None:
    """Count a statement for the request under way; a listener of SQLAlchemy's engines."""
    figures = current.get()
    if figures is not None:
        figures.statements += 1


def note_refusal(code: str, cause: str | None = None) -> None:
    """Note why the request under way is refused."""
    figures = current.get()
    if figures is not None:
        figures.code, figures.cause = code, cause or figures.cause
