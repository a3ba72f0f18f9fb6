"""JSON encoding: the compact form that is stored and sent, the canonical form that is digested."""

import json


def dumps(value: object) -> str:
    """Return compact JSON with sorted keys and unescaped accents; values that JSON lacks become text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value in UTF-8: sorted keys, no spaces; raise ``TypeError`` for other values."""
    return _encode(value).encode()
