"""Load a file into a checked value; every problem has its file, line and path.

Three checks in order: the bytes and the YAML (``strict_yaml``), the fields (``schemas``), the rules
(``rules``). A file that fails one check does not reach the next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.curricula.files import strict_yaml
from app.curricula.files.problems import Location, Problem
from app.curricula.files.strict_yaml import Document
from app.curricula.rules import Finding
from app.platform.errors import Scalar

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 512 * 1024
MAX_EXCERPT = 60
FIELD_ERRORS = frozenset(
    {
        "bool_type",
        "dict_type",
        "enum",
        "extra_forbidden",
        "greater_than_equal",
        "int_type",
        "less_than_equal",
        "missing",
        "model_type",
        "string_pattern_mismatch",
        "string_too_short",
        "string_type",
        "too_long",
        "too_short",
        "tuple_type",
    }
)
"""The error types of pydantic that have their own message; the others share one."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """The result of loading a file: its value, or ``None`` and the problems."""

    document: Document
    value: M | None
    problems: tuple[Problem, ...]

    def located(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """Return the findings of the rules as problems, each with its line in the file."""
        return tuple(self.document.problem(f.reason.code, f.path, f.reason.params) for f in findings)


def read_text(path: Path, file: str) -> str | Problem:
    """Return the text of a UTF-8 file of at most ``MAX_BYTES``, without its byte-order mark, or a problem."""
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        return Problem(file, 1, (), "curricula.file.too_big", {"kilobytes": MAX_BYTES // 1024})
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return Problem(file, raw.count(b"\n", 0, error.start) + 1, (), "curricula.file.encoding")


def load(path: Path, file: str, model: type[M]) -> Loaded[M]:
    """Read, parse and validate one file; ``file`` names it in the problems."""
    text = read_text(path, file)
    if isinstance(text, Problem):
        return Loaded(Document(file, None, {}, (text,)), None, (text,))
    document = strict_yaml.parse(text, file)
    if document.problems:
        return Loaded(document, None, document.problems)
    try:
        return Loaded(document, model.model_validate(document.data), ())
    except ValidationError as error:
        details = error.errors(include_url=False)
        return Loaded(document, None, tuple(_field_problem(document, detail) for detail in details))


def _field_problem(document: Document, detail: ErrorDetails) -> Problem:
    kind = detail["type"] if detail["type"] in FIELD_ERRORS else "other"
    # "[key]" is how pydantic points at a mapping's key rather than its value.
    path: Location = tuple(part for part in detail["loc"] if part != "[key]")
    return document.problem(f"curricula.shape.{kind}", path, _field_params(detail, path))


def _field_params(detail: ErrorDetails, path: Location) -> Mapping[str, Scalar]:
    context = detail.get("ctx", {})
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    limits = ("ge", "le", "min_length", "max_length", "actual_length")
    return {
        "type": detail["type"],
        "name": str(path[-1]) if path else "",
        "value": _excerpt(detail["input"]),
        "expected": expected or str(context.get("pattern", "")),
        **{name: context[name] for name in limits if name in context},
    }


def _excerpt(value: object) -> str:
    """Return a value of the file as a short text; lists and mappings as brackets."""
    if isinstance(value, (list, dict)):
        return "[…]" if isinstance(value, list) else "{…}"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"
