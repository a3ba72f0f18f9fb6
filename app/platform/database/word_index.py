"""Search by an inverted index: the parts of the words of search keys, each with the row that has it.

Triggers keep an index (migration 0028): a part is what is left of a word from any of its letters on, so that a search
finds what stands inside a word. Conditions compare with ``>=`` and ``<``, which PostgreSQL may use with an index under
row-level security, unlike ``LIKE``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, SQLColumnExpression

LONGEST = 40
"""Letters of a part that are kept: longer words differ before."""

AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class WordIndex:
    """An index: the part of a word, the row that has it, and the college that the row belongs to."""

    part: SQLColumnExpression[str]
    row: SQLColumnExpression[int]
    college: SQLColumnExpression[Any]

    def matches(
        self,
        id_: SQLColumnExpression[int],
        words: Sequence[str],
        colleges: Collection[int] | None,
        *,
        among: sa.Select[int] | None = None,
    ) -> list[ColumnElement[bool]]:
        """Return the conditions that the row of an id has each of the words, in one of the colleges or in the network.

        A single letter says nothing beside longer words; alone it is a whole word. ``among`` selects few ids, the only
        ones that are looked at.
        """
        telling = [word for word in words if len(word) > 1] or list(words)
        if not telling:
            return []
        within = self.college.is_(None) if colleges is None else self.college.in_(colleges)
        selected = [sa.select(self.row).where(within, *self._begins(word[:LONGEST])) for word in telling]
        found: sa.CompoundSelect[Any] = sa.intersect(*selected, *([] if among is None else [among]))
        return [id_ == sa.any_(sa.func.array(found.scalar_subquery()))]

    def _begins(self, word: str) -> list[ColumnElement[bool]]:
        if len(word) == 1:
            return [self.part == word]
        return [self.part >= word, self.part < word + AFTER_ALL]
