"""Logs: one line a record, as JSON or for a terminal, without a value of anybody's (docs/operate.md).

Messages of exceptions repeat the values that they are about (PostgreSQL quotes whole rows), and so do those of
libraries: of an exception only its class, an SQLSTATE and the name of a constraint are written, with the lines of code
that it passed; of a library's record, its message before its values are put in.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from app.platform.errors import DomainError
from app.platform.observability.figures import current

Format = Literal["auto", "json", "text"]
OWN = ("escouade", "uvicorn", "alembic", "procrastinate")
"""The loggers whose values are numbers, ids and codes: their messages are written whole."""
QUIET = {"alembic": logging.WARNING, "uvicorn": logging.WARNING, "procrastinate": logging.WARNING}
FIELDS = ("route", "method", "status", "ms", "statements", "waited_ms", "person", "code", "cause")
"""What a record may carry beside its message, in ``extra``."""


def describe(error: BaseException) -> str:
    """Return what an exception is, without a value: its class, the code of a refusal, what PostgreSQL calls it."""
    words = [f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")]
    if isinstance(error, DomainError):
        words.append(error.code)
    if isinstance(error, OSError) and error.errno is not None:
        words.append(f"errno {error.errno}")
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        words.append(sqlstate)
    diagnostic = getattr(error, "diag", None)
    words.extend(name for part in ("table_name", "constraint_name") if (name := getattr(diagnostic, part, None)))
    return " ".join(words)


def cause_of(error: BaseException) -> str:
    """Return what an exception of the database is: the driver's, which SQLAlchemy wraps."""
    return describe(getattr(error, "orig", None) or error)


def trace_of(error: BaseException) -> str:
    """Return the traceback of an exception and of those that it came from, in the order of their happening."""
    return "\n".join(_parts(error, set()))


def _parts(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _parts(before, seen)
        yield "then:"
    yield "".join(traceback.format_tb(error.__traceback__)) + describe(error)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if id(inner) not in seen:
                yield from _parts(inner, seen)


def is_own(name: str) -> bool:
    """Return whether a logger is one of :data:`OWN`."""
    return name.partition(".")[0] in OWN


def message_of(record: logging.LogRecord) -> str:
    """Return the message of a record; of a library's, before its values are put in."""
    if is_own(record.name) or (not record.args and isinstance(record.msg, str)):
        return record.getMessage()
    return record.msg if isinstance(record.msg, str) else type(record.msg).__name__


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says beside its message: the request under way, then its own fields."""
    figures = current.get()
    found: dict[str, Any] = {} if figures is None else {"request_id": figures.id}
    found.update({name: value for name in FIELDS if (value := getattr(record, name, None)) is not None})
    if record.exc_info and record.exc_info[1] is not None:
        found["error"] = describe(record.exc_info[1])
        found["trace"] = trace_of(record.exc_info[1])
    return found


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (RFC 3339, UTC), level, logger, message, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"time": at, "level": record.levelname.lower(), "logger": record.name, "message": message_of(record)}
        return json.dumps(head | fields_of(record), ensure_ascii=False, default=str)


class Lines(logging.Formatter):
    """A record for people: time here, level, message, fields; a traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines."""
        fields = fields_of(record)
        trace = fields.pop("trace", None)
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        words = [at, record.levelname.ljust(7), message_of(record)]
        words.extend(f"{name}={value}" for name, value in fields.items())
        return " ".join(words) + (f"\n{trace}" if trace else "")


class StandardError(logging.StreamHandler[TextIO]):
    """A handler of whatever standard error is when a record is written."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error, now."""
        return sys.stderr


class AlreadyLogged(logging.Filter):
    """Leaves out uvicorn's record of an exception: the request's own, with its id, is written before."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        return not str(record.msg).startswith("Exception in ASGI application")


def configure(process: str, form: Format = "auto", level: int = logging.INFO) -> None:
    """Write the records of this process to standard error, and name its database connections after it.

    ``auto`` is text on a terminal, else JSON. Handlers that libraries gave their loggers are taken away: every record
    is written here, once.
    """
    # The variable that libpq reads: connections of libraries, and of programs that are started, have the name too.
    os.environ["PGAPPNAME"] = f"escouade {process}"
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = StandardError()
    handler.setFormatter(Lines() if is_text else JsonLines())
    root = logging.getLogger()
    root.handlers = [handler, *(kept for kept in root.handlers if not isinstance(kept, StandardError))]
    root.setLevel(logging.WARNING)
    logging.getLogger("escouade").setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    errors = logging.getLogger("uvicorn.error")
    if not any(isinstance(kept, AlreadyLogged) for kept in errors.filters):
        errors.addFilter(AlreadyLogged())
    logging.captureWarnings(capture=True)
