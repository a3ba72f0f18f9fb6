"""Pure rules of the enterprise number (NEQ)."""

import re

from app.platform.errors import Reason
from app.platform.text import clean_code

NEQ = re.compile(r"(11|22|33|88)[0-9]{8}")


def normal_neq(text: str) -> str:
    """Return an enterprise number without the spaces and hyphens that people type in it."""
    return re.sub(r"[ -]", "", clean_code(text))


def neq_reasons(neq: str, field: str = "neq") -> list[Reason]:
    """Return why a number is no NEQ: ten digits that begin with 11, 22, 33 or 88."""
    return [] if NEQ.fullmatch(neq) else [Reason("neq_form", field=field)]
