"""Hooks of schemathesis, in its own environment: half of the identifiers it generates are replaced by likely ones."""

from typing import Any

import schemathesis

SMALL = 5
WORDS = {
    "slug": ("generaliste", "specialiste"),
    "version": ("1.0",),
    "code": ("GEN-1.A", "GEN-1.C", "SPE-1.A"),
    "purpose": ("employer_list", "evaluation_study", "image_and_testimony"),
}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replace even numbers by small ones, and words of even length by values in use."""
    return {name: _likely(name, value) for name, value in (path_parameters or {}).items()}


def _likely(name: str, value: Any) -> Any:
    if type(value) is int and value % 2 == 0:
        return 1 + abs(value) // 2 % SMALL
    if isinstance(value, str) and name in WORDS and len(value) % 2 == 0:
        return WORDS[name][len(value) // 2 % len(WORDS[name])]
    return value
