"""The register of personal data: purpose, retention and sensitivity of every column, from ``data_register.toml``.

The file is the single source for exports, anonymisation, the privacy impact assessment (A-2.1, s. 63.5) and
``docs/privacy.md``; a column that it does not name fails the tests.
"""

import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FILE = Path(__file__).with_name("data_register.toml")
Sentence = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Sensitivity(StrEnum):
    """How sensitive a column is: no personal data, personal data, or confidential personal data."""

    NONE = "none"
    PERSONAL = "personal"
    CONFIDENTIAL = "confidential"


class Entry(BaseModel):
    """Base of every part of the file: unknown names and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Retention(Entry):
    """A retention period (exactly one unit, or permanent), its start, its reason, and who applies it (BR-27)."""

    hours: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)
    years: int | None = Field(default=None, ge=1)
    permanent: bool = False
    after: Annotated[str, StringConstraints(min_length=5)]
    reason: Sentence
    applied_by: Literal["service", "college"]

    @model_validator(mode="after")
    def _one_figure(self) -> "Retention":
        figures = [figure for figure in (self.hours, self.days, self.years) if figure is not None]
        if len(figures) + self.permanent != 1:
            raise ValueError("exactly one of hours, days, years and permanent")
        return self


class TableEntry(Entry):
    """A table: its purpose, its retention, its columns by sensitivity, and ``why`` some have a purpose of their own.

    ``files`` are the columns that refer to stored files (``platform/files``): a file that none refers to is deleted.
    """

    purpose: Sentence
    retention: str
    none: list[Column] = Field(default_factory=list)
    personal: list[Column] = Field(default_factory=list)
    confidential: list[Column] = Field(default_factory=list)
    files: list[Column] = Field(default_factory=list)
    why: dict[Column, Sentence] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> "TableEntry":
        named = [column for _, column in self.columns()]
        if len(named) != len(set(named)) or not {*self.why, *self.files} <= set(named):
            raise ValueError("each column once, and a purpose or files only for a column that is there")
        return self

    def columns(self) -> Iterator[tuple[Sensitivity, str]]:
        """Yield each column with its sensitivity."""
        by_sensitivity = {
            Sensitivity.NONE: self.none,
            Sensitivity.PERSONAL: self.personal,
            Sensitivity.CONFIDENTIAL: self.confidential,
        }
        for kind, columns in by_sensitivity.items():
            yield from ((kind, column) for column in columns)


class Place(Entry):
    """Data kept outside the tables."""

    place: str
    what: Sentence
    sensitivity: Annotated[Sensitivity, Field(strict=False)]
    purpose: Sentence
    retention: str


class Register(Entry):
    """The whole file."""

    retention: dict[str, Retention]
    tables: dict[str, TableEntry]
    elsewhere: list[Place]

    @model_validator(mode="after")
    def _retentions_are_known(self) -> "Register":
        used = {entry.retention for entry in self.tables.values()} | {place.retention for place in self.elsewhere}
        if used != set(self.retention):
            raise ValueError(f"retentions: {sorted(used ^ set(self.retention))}")
        return self


@cache
def register() -> Register:
    """Return the parsed file, read once; raise ``ValueError`` for a duplicate or missing declaration."""
    return Register.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def sensitivity(table: str, column: str) -> Sensitivity:
    """Return the sensitivity of a column; raise ``KeyError`` when the file does not name it."""
    return {name: kind for kind, name in register().tables[table].columns()}[column]


def file_columns() -> list[tuple[str, str]]:
    """Return ``(table, column)`` of every column that refers to stored files."""
    return [(table, column) for table, entry in register().tables.items() for column in entry.files]


def differences(columns: Iterable[tuple[str, str]]) -> list[str]:
    """Return each ``table.column`` that exists and is not classified, or is classified and does not exist."""
    existing = {f"{table}.{column}" for table, column in columns}
    declared = {f"{table}.{column}" for table, entry in register().tables.items() for _, column in entry.columns()}
    return sorted(existing ^ declared)
