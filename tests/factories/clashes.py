"""What a session clashes with, as answers and pages tell it before it is planned, moved or put back."""

import re
from typing import Any


def warned(answer: Any) -> list[str]:
    """Return what a plan is warned of: the codes of its clashes, the first one being their number."""
    assert (answer.status_code, answer.json()["code"]) == (409, "session_clashes"), answer.text
    number, *others = answer.json()["errors"]
    assert number["params"]["n"] == len(others)
    assert {r["field"] for r in answer.json()["errors"]} == {"clashes_seen"}
    return [r["code"] for r in others]


def mark(answer: Any) -> str:
    """Return the mark of the clashes that an answer tells."""
    return str(answer.json()["errors"][0]["params"]["mark"])


def box(html: str) -> str:
    """Return what the box of a page says was read."""
    found = re.search(r'<input[^>]*name="clashes_seen"[^>]*>', html)
    assert found is not None
    assert " checked" not in found.group(), "not ticked for them"
    return found.group().partition('value="')[2].partition('"')[0]
