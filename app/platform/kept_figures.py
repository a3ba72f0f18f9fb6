"""Figures that the database keeps instead of counting them at each reading, each beside its computation.

A feature lists its own in ``figures.py``; ``escouade recount`` compares and mends them, and a property test holds them
for any history (docs/decisions/0028).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import text

from app.platform.database.session import Session


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not what its computation gives: whose it is, both values as texts."""

    subject: str
    kept: str | None
    computed: str | None


class KeptFigure(Protocol):
    """A kept figure: its name, what differs from its computation, and how that is mended."""

    @property
    def name(self) -> str:
        """Its table, or its table and column."""

    def differences(self, db: Session) -> Iterator[Difference]:
        """Yield what differs, as of one moment."""

    def mend(self, db: Session) -> None:
        """Write what the computation gives, where it differs; what it counts waits until the commit."""


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """A figure that SQL computes.

    ``compared`` selects ``subject, kept, computed`` in one statement, which sees one moment; ``mended`` writes it.
    ``counts`` are the tables that it is computed from: they take no writes while it is mended.
    """

    name: str
    compared: str
    mended: tuple[str, ...]
    counts: tuple[str, ...]

    def differences(self, db: Session) -> Iterator[Difference]:
        """Yield the rows whose two values differ."""
        statement = f"select * from ({self.compared}) c where kept is distinct from computed order by subject"  # noqa: S608 - our own constants
        for row in db.execute(text(statement)):
            yield Difference(str(row.subject), _shown(row.kept), _shown(row.computed))

    def mend(self, db: Session) -> None:
        """Write it again, alone."""
        tables = ", ".join(self.counts)
        db.execute(text(f"lock table {tables} in share row exclusive mode"))
        for statement in self.mended:
            db.execute(text(statement))


def _shown(value: Any) -> str | None:  # noqa: ANN401 - whatever a figure is
    return None if value is None else str(value)
