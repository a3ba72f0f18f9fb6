"""What a body must be before anyone reads it: strict JSON (RFC 8259 and I-JSON, RFC 7493), forms in UTF-8.

A reader that takes the last of two equal keys, or NaN, or half a character, makes two programs understand
two different things of one request.
"""

import json
import math
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from app.platform.errors import Invalid, Reason

DEPTH = 32
"""Lists and objects within one another."""
DIGITS = 4300
"""Of a whole number: as many as Python reads."""


def _refuse(code: str, **params: int) -> Invalid:
    return Invalid("bad_json", Reason(code, params, "body"))


def _constant(_: str) -> NoReturn:
    raise _refuse("json_number", digits=DIGITS)


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > DIGITS:
        raise _refuse("json_number", digits=DIGITS)
    return int(digits)


def _decimal(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _refuse("json_number", digits=DIGITS)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refuse("json_duplicate")
    return found


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_decimal
)


def check_json(body: bytes) -> None:
    """Refuse (``bad_json``) what is not one JSON value that everyone reads alike; nothing is said of its fields."""
    try:
        value = DECODER.decode(body.decode("utf-8"))  # a byte order mark is no JSON either
    except RecursionError:
        raise _refuse("json_too_deep", depth=DEPTH) from None
    except ValueError:
        raise _refuse("json_invalid") from None
    level = [value]
    for _ in range(DEPTH):
        level = [child for item in level for child in _inside(item)]
    if any(isinstance(item, dict | list) for item in level):
        raise _refuse("json_too_deep", depth=DEPTH)
    for item in level:
        _inside(item)


def _inside(item: object) -> list[Any]:
    """The values within a value; a text must be whole characters."""
    if isinstance(item, dict):
        return [*item, *item.values()]
    if isinstance(item, list):
        return item
    if isinstance(item, str) and not item.isascii():
        try:
            item.encode("utf-8")
        except UnicodeEncodeError:
            raise _refuse("json_half_character") from None
    return []


def form_reads(body: bytes) -> bool:
    """Whether an URL-encoded form is ASCII whose escapes are UTF-8: anything else would be kept as other words."""
    try:
        body.decode("ascii")
        unquote_to_bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
