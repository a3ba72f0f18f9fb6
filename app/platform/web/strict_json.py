"""Strict validation of request bodies: JSON (RFC 8259 and I-JSON, RFC 7493) and forms in UTF-8.

A parser that accepts duplicate keys, NaN or lone surrogates lets two programs read the same request differently.
"""

import json
import math
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from app.platform.errors import Invalid, Reason

DEPTH = 32
"""The deepest nesting of lists and objects."""
DIGITS = 4300
"""The most digits of an integer: Python's own limit."""


def _error(code: str, **params: int) -> Invalid:
    return Invalid("bad_json", Reason(code, params, "body"))


def _constant(_: str) -> NoReturn:
    raise _error("json_number", digits=DIGITS)


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > DIGITS:
        raise _error("json_number", digits=DIGITS)
    return int(digits)


def _decimal(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _error("json_number", digits=DIGITS)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _error("json_duplicate")
    return members


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_decimal
)


def validate(body: bytes) -> None:
    """Raise ``Invalid`` (``bad_json``) unless the body is one strict JSON value; its fields are not validated."""
    try:
        value = DECODER.decode(body.decode("utf-8"))  # a byte order mark is refused too
    except RecursionError:
        raise _error("json_too_deep", depth=DEPTH) from None
    except ValueError:
        raise _error("json_invalid") from None
    level = [value]
    for _ in range(DEPTH):
        level = [child for item in level for child in _children(item)]
    if any(isinstance(item, dict | list) for item in level):
        raise _error("json_too_deep", depth=DEPTH)
    for item in level:
        _children(item)


def _children(item: object) -> list[Any]:
    """Return the values inside a value; refuse a text with a lone surrogate."""
    if isinstance(item, dict):
        return [*item, *item.values()]
    if isinstance(item, list):
        return item
    if isinstance(item, str) and not item.isascii():
        try:
            item.encode("utf-8")
        except UnicodeEncodeError:
            raise _error("json_half_character") from None
    return []


def is_utf8_form(body: bytes) -> bool:
    """Return whether a URL-encoded form is ASCII with escapes in UTF-8: other bytes would be stored altered."""
    try:
        body.decode("ascii")
        unquote_to_bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
