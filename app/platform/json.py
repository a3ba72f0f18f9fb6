"""JSON as stored, sent and digested."""

import json


def dumps(value: object) -> str:
    """JSON as stored and sent: compact, accents kept, keys in order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical(value: object) -> bytes:
    """JSON as it is digested: keys in order, no space."""
    return _encode(value).encode()
