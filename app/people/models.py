"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    func,
)
from sqlmodel import Field, col

from app.platform.database.rows import Row
from app.platform.database.types import moment

SEARCH_KEY = 420
"""Longest search key, in characters: the folding of a ligature may lengthen a name, and what is over is cut."""


class Person(Row, table=True):
    """Someone; ``search_key`` is the folded name (no accents, no case) for search and sorting."""

    legal_first_name: str = Field(max_length=100)
    legal_last_name: str = Field(max_length=100)
    chosen_name: str | None = Field(default=None, max_length=200)
    search_key: str = Field(max_length=SEARCH_KEY, index=True)
    created_at: datetime = moment()

    @property
    def name(self) -> str:
        """The name used on screens; certificates carry the legal one."""
        return self.chosen_name or f"{self.legal_first_name} {self.legal_last_name}"


def shown_name() -> ColumnElement[str]:
    """``Person.name`` as a column, for lists that select columns."""
    legal = col(Person.legal_first_name) + " " + col(Person.legal_last_name)
    return func.coalesce(col(Person.chosen_name), legal)
