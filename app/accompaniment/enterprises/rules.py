"""Pure rules of accompaniment: the enterprise number, the order of a mandate's facts, what they amount to."""

import re

from app.platform.errors import Reason

NEQ = re.compile(r"(11|22|33|88)[0-9]{8}")


def normal_neq(text: str) -> str:
    """An enterprise number without the spaces and hyphens that people put in it."""
    return re.sub(r"[\s\-‑–]", "", text)


def neq_reasons(neq: str, field: str = "neq") -> list[Reason]:
    """Ten digits that begin with 11, 22, 33 or 88."""
    return [] if NEQ.fullmatch(neq) else [Reason("neq_form", field=field)]
