"""A strict YAML parser: a value means what its author wrote, or it is refused with its line.

Refused: duplicate keys, anchors, aliases, merge keys, tags, several documents, missing values, and every
unquoted scalar that some YAML reader would change (``no``, ``1.10``, ``010``, ``12:30``, ``2026-01-01``).
Only ``true``, ``false`` and plain decimal integers are typed without quotes; anything else is text.
Built on PyYAML's events, so that no object is ever constructed from a tag.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from app.curricula.files.problems import Location, Problem
from app.platform.errors import NONE, Scalar

# libyaml parses the specialist path in 3 ms, the pure Python parser in 46; both give the same events.
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 20
NONE_LINES: Mapping[Location, int] = MappingProxyType({})
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
# What YAML 1.2 parsers (editors) read as numbers, and the one-letter booleans of YAML 1.1.
OTHER_PARSERS = re.compile(r"[yYnN]|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
# Characters that YAML refuses, and line breaks that only some parsers recognise, which would shift line numbers.
FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its data (dict, list, str, int, bool), the line of each path, and the problems."""

    file: str
    data: object
    lines: Mapping[Location, int]
    problems: tuple[Problem, ...]

    def problem(self, code: str, path: Location, params: Mapping[str, Scalar] = NONE) -> Problem:
        """Return a problem at a path, with the line of its nearest ancestor when the file lacks the path."""
        located = path
        while located and located not in self.lines:
            located = located[:-1]
        return Problem(self.file, self.lines.get(located, 1), path, code, params)


def parse(text: str, file: str) -> Document:
    """Parse a document; ``data`` is ``None`` when the text cannot be parsed at all."""
    forbidden = FORBIDDEN.search(text)
    if forbidden:
        return _unreadable(file, text.count("\n", 0, forbidden.start()) + 1, "control", {})
    builder = _Builder(file)
    try:
        data = builder.document(iter(yaml.parse(text, Loader=PARSER)))
    except yaml.MarkedYAMLError as error:
        return _syntax_error(file, text, error)
    except _TooDeepError as error:
        return _unreadable(file, error.line, "too_deep", {"depth": MAX_DEPTH})
    return Document(file, data, MappingProxyType(builder.lines), tuple(builder.problems))


def _unreadable(file: str, line: int, code: str, params: Mapping[str, Scalar]) -> Document:
    return Document(file, None, NONE_LINES, (Problem(file, line, (), f"curricula.yaml.{code}", params),))


def _syntax_error(file: str, text: str, error: yaml.MarkedYAMLError) -> Document:
    # PyYAML sets a mark on every such error, although its types make it optional.
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return _unreadable(file, len(lines), "unfinished", {})
    line = lines[mark.line]
    code = "tab" if "\t" in line[: len(line) - len(line.lstrip())] else "syntax"
    return _unreadable(file, mark.line + 1, code, {"excerpt": line.strip()[:80]})


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Builder:
    """Builds plain values from events, and records the line of each path and every problem."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Event]) -> object:
        """Return the only document of a stream."""
        next(events)  # the stream's start
        if not isinstance(next(events), DocumentStartEvent):
            self.problems.append(Problem(self.file, 1, (), "curricula.yaml.empty_file"))
            return None
        data = self._node(next(events), events, ())
        next(events)  # the document's end
        after = next(events)
        if isinstance(after, DocumentStartEvent):
            self._add_problem("several", after, ())
        return data

    def _add_problem(self, code: str, event: Event, path: Location, **params: Scalar) -> None:
        self.problems.append(Problem(self.file, _line(event), path, f"curricula.yaml.{code}", params))

    def _node(self, event: Event, events: Iterator[Event], path: Location) -> object:
        if len(path) > MAX_DEPTH:
            raise _TooDeepError(_line(event))
        self.lines.setdefault(path, _line(event))
        if isinstance(event, AliasEvent):
            self._add_problem("alias", event, path, name=event.anchor)
            return None
        self._refuse_anchor_and_tag(event, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, path)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        return self._mapping(events, path)

    def _refuse_anchor_and_tag(self, event: Event, path: Location) -> None:
        if anchor := getattr(event, "anchor", None):
            self._add_problem("anchor", event, path, name=anchor)
        if tag := getattr(event, "tag", None):
            self._add_problem("tag", event, path, name=tag.removeprefix("tag:yaml.org,2002:"))

    def _sequence(self, events: Iterator[Event], path: Location) -> list[object]:
        items: list[object] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Event], path: Location) -> dict[str, object]:
        values: dict[str, object] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, events, path)
            if key in values:
                self._add_problem("duplicate_key", event, (*path, key), name=key, first=self.lines[(*path, key)])
            self.lines.setdefault((*path, key), _line(event))
            value = self._node(next(events), events, (*path, key))
            values.setdefault(key, value)
        return values

    def _key(self, event: Event, events: Iterator[Event], path: Location) -> str:
        before = len(self.problems)
        value = self._node(event, events, (*path, "?"))
        self.lines.pop((*path, "?"), None)
        if not isinstance(value, str) and len(self.problems) == before:
            self._add_problem("key", event, path)
        return value if isinstance(value, str) else "?"

    def _scalar(self, event: ScalarEvent, path: Location) -> object:
        value = event.value
        if not event.implicit[0]:
            return value
        if value in ("true", "false"):
            return value == "true"
        if INTEGER.fullmatch(value):
            return int(value)
        if not value:
            self._add_problem("missing_value", event, path)
        elif _is_ambiguous(value):
            self._add_problem("quote", event, path, value=value)
        return value


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _is_ambiguous(value: str) -> bool:
    """Return whether a parser of YAML 1.1 or 1.2 would read an unquoted scalar as something other than text."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(value[0], [])
    return bool(OTHER_PARSERS.fullmatch(value)) or any(regexp.match(value) for _tag, regexp in resolvers)
