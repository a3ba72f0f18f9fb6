"""What the database refuses twice, and what its refusal says: the answer to whoever came second at the same moment.

A service asks first, which tells most people what is wrong; two requests at once both hear that nothing is. The unique
constraint decides between them, and carries the same code as the service's refusal.
"""

from functools import cache

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.platform.errors import Conflict, Reason

KEY = "refusal"


def refused_as(code: str, field: str | None = None) -> dict[str, Conflict]:
    """Return the ``info`` of a unique constraint or index: the refusal's code, and the field that it concerns."""
    return {KEY: Conflict(code, *([Reason(code, field=field)] if field is not None else []))}


def unique_rules() -> dict[str, UniqueConstraint | Index]:
    """Return every unique constraint and index of the tables, by name; primary keys are none."""
    rules: dict[str, UniqueConstraint | Index] = {}
    for table in SQLModel.metadata.tables.values():
        rules |= {str(c.name): c for c in table.constraints if isinstance(c, UniqueConstraint)}
        rules |= {str(i.name): i for i in table.indexes if i.unique}
    return rules


@cache
def _refusals() -> dict[str, Conflict]:
    return {name: rule.info[KEY] for name, rule in unique_rules().items() if KEY in rule.info}


def refusal_of(error: IntegrityError) -> Conflict:
    """Return the refusal of a violated constraint: its own where it says one, else ``conflict``."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return _refusals().get(str(name), Conflict())
