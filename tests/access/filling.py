"""The requests of the matrix: payloads and paths filled with the ids of a place."""

from collections.abc import Mapping
from typing import Any

from app.platform.web.incoming.parameters import PART
from tests.access.actors import Place
from tests.access.payloads import CALLS, GIVEN, MARK, NAMES, Call
from tests.factories.certificates import PNG
from tests.factories.learning import PDF

MANY = frozenset({"{roll}", "{memberships}", "{other_roll}", "{other_memberships}"})
"""Marks of several ids: a list item with one is repeated for each id."""


def filled(value: Any, ids: Mapping[str, Any]) -> Any:
    """Return a payload with its marks replaced by the ids of a place."""
    if isinstance(value, Mapping):
        return {k: filled(v, ids) for k, v in value.items()}
    if isinstance(value, list):
        return _each(value, ids)
    if not isinstance(value, str):
        return value
    alone = MARK.fullmatch(value.strip("[]"))
    if alone is not None:
        id_ = ids[alone[1]]
        return [id_] if value.startswith("[") else id_
    return MARK.sub(lambda mark: str(ids[mark[1]]), value)


def _each(values: list[Any], ids: Mapping[str, Any]) -> list[Any]:
    """Return the items of a list, those with a mark of several ids repeated for each id."""
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
    """Return the kind of record of each path parameter of a row; ``=value`` for one that is not an id."""
    call = CALLS.get(row, Call())
    named = MARK.findall(row.split("#", maxsplit=1)[0])
    unknown = [name for name in named if name not in {**call.path, **NAMES, **GIVEN}]
    assert not unknown, f"{row}: add {', '.join(unknown)} to NAMES (an id) or GIVEN (another value), in payloads.py"
    return {name: call.path.get(name) or NAMES.get(name) or "=" + GIVEN[name] for name in named}


def address(row: str, ids: Mapping[str, Any]) -> str:
    """Return the path of a row with the ids of a place."""
    path = row.split("#", maxsplit=1)[0].split(" ")[1]
    for name, kind in kinds(row).items():
        path = path.replace("{" + name + "}", kind[1:] if kind.startswith("=") else str(ids[kind]))
    return path


def request_of(row: str, place: Place | Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``client.request`` for a row with the ids of a place."""
    ids = place.ids if isinstance(place, Place) else place
    call = CALLS.get(row, Call())
    request: dict[str, Any] = {"method": row.split(" ", maxsplit=1)[0], "url": address(row, ids)}
    if call.query:
        request["params"] = filled(call.query, ids)
    if call.headers:
        request["headers"] = dict(call.headers)
    if call.json is not None:
        request["json"] = filled(call.json, ids)
    if call.form is not None:
        request["data"] = filled(call.form, ids)
    if call.file:
        request["files"] = {"file": ("carte.pdf", PDF, "application/pdf")}
    if call.part:
        request |= {"content": b"%", "headers": {"Content-Type": PART.decode(), "Upload-Offset": "0"}}
    if call.picture:
        request["files"] = {"file": ("logo.png", PNG, "image/png")}
    return request
