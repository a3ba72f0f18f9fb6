"""From a row and the ids of a place to a request."""

from collections.abc import Mapping
from typing import Any

from tests.access.actors import Place
from tests.access.payloads import CALLS, GIVEN, MARK, NAMES, Call
from tests.factories.certificates import PNG
from tests.factories.learning import PDF

MANY = frozenset({"{roll}", "{memberships}", "{other_roll}", "{other_memberships}"})
"""Marks of several ids: a line that holds one is there once an id."""


def filled(value: Any, ids: Mapping[str, Any]) -> Any:
    """A payload with the ids of a place where its marks stand."""
    if isinstance(value, Mapping):
        return {k: filled(v, ids) for k, v in value.items()}
    if isinstance(value, list):
        return _each(value, ids)
    if not isinstance(value, str):
        return value
    alone = MARK.fullmatch(value.strip("[]"))
    if alone is not None:
        found = ids[alone[1]]
        return [found] if value.startswith("[") else found
    return MARK.sub(lambda mark: str(ids[mark[1]]), value)


def _each(values: list[Any], ids: Mapping[str, Any]) -> list[Any]:
    """One line an id for a line that holds a mark of many."""
    lines: list[Any] = []
    for value in values:
        many = [k for k, v in value.items() if isinstance(v, str) and v in MANY] if isinstance(
            value, dict
        ) else []  # fmt: skip
        if many:
            lines.extend({**filled(value, ids), many[0]: i} for i in filled(value[many[0]], ids))
        else:
            lines.append(filled(value, ids))
    return lines


def kinds(row: str) -> dict[str, str]:
    """The kind of record that each parameter of a row's path names; ``=value`` for one that names none."""
    call = CALLS.get(row, Call())
    named = MARK.findall(row.split("#", maxsplit=1)[0])
    return {name: call.path.get(name) or NAMES.get(name) or "=" + GIVEN[name] for name in named}


def address(row: str, ids: Mapping[str, Any]) -> str:
    """Where a row is called with the ids of a place."""
    path = row.split("#", maxsplit=1)[0].split(" ")[1]
    for name, kind in kinds(row).items():
        path = path.replace("{" + name + "}", kind[1:] if kind.startswith("=") else str(ids[kind]))
    return path


def request_of(row: str, place: Place | Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``client.request`` for a row with the ids of a place."""
    ids = place.ids if isinstance(place, Place) else place
    call = CALLS.get(row, Call())
    found: dict[str, Any] = {"method": row.split(" ", maxsplit=1)[0], "url": address(row, ids)}
    if call.query:
        found["params"] = filled(call.query, ids)
    if call.json is not None:
        found["json"] = filled(call.json, ids)
    if call.form is not None:
        found["data"] = filled(call.form, ids)
    if call.file:
        found["files"] = {"file": ("carte.pdf", PDF, "application/pdf")}
    if call.picture:
        found["files"] = {"file": ("logo.png", PNG, "image/png")}
    return found
