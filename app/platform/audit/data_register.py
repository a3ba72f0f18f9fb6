"""What is known of people, why, and how long: every column of every table, from ``privacy.toml``.

The file is the one place; exports, anonymisation and the privacy impact assessment (A-2.1, s. 63.5) read it
here, ``docs/privacy.md`` tells it, and a column that it does not name fails the tests.
"""

import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FILE = Path(__file__).with_name("data_register.toml")
Words = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Sensitivity(StrEnum):
    """What a column says of people."""

    NONE = "none"
    PERSONAL = "personal"
    CONFIDENTIAL = "confidential"


class Entry(BaseModel):
    """A part of the file: unknown names and loose types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Retention(Entry):
    """How long something is kept, from when, why, and who destroys it: exactly one figure, or for ever."""

    hours: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)
    years: int | None = Field(default=None, ge=1)
    permanent: bool = False
    after: Annotated[str, StringConstraints(min_length=5)]
    reason: Words
    applied_by: Literal["service", "college"]

    @model_validator(mode="after")
    def _one_figure(self) -> "Retention":
        figures = [figure for figure in (self.hours, self.days, self.years) if figure is not None]
        if len(figures) + self.permanent != 1:
            raise ValueError("exactly one of hours, days, years and permanent")
        return self


class TableEntry(Entry):
    """A table: purpose, retention, its columns by sensitivity, and the purposes that columns have of their own.

    ``files`` are the columns that name kept files (``blob_store.py``): what none of them names is swept away.
    """

    purpose: Words
    retention: str
    none: list[Column] = Field(default_factory=list)
    personal: list[Column] = Field(default_factory=list)
    confidential: list[Column] = Field(default_factory=list)
    files: list[Column] = Field(default_factory=list)
    why: dict[Column, Words] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> "TableEntry":
        named = [column for _, column in self.columns()]
        if len(named) != len(set(named)) or not {*self.why, *self.files} <= set(named):
            raise ValueError("each column once, and a purpose or files only for a column that is there")
        return self

    def columns(self) -> Iterator[tuple[Sensitivity, str]]:
        """Each column with what it is."""
        for kind in Sensitivity:
            yield from ((kind, column) for column in getattr(self, kind.value))


class Place(Entry):
    """What is kept outside the tables."""

    place: str
    what: Words
    sensitivity: Annotated[Sensitivity, Field(strict=False)]
    purpose: Words
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
    """The file, read once; ``ValueError`` when it says something twice or not at all."""
    return Register.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def sensitivity(table: str, column: str) -> Sensitivity:
    """What a column is; ``KeyError`` when the file does not name it."""
    return {name: kind for kind, name in register().tables[table].columns()}[column]


def file_columns() -> list[tuple[str, str]]:
    """``(table, column)`` of every column that names kept files."""
    return [(table, column) for table, entry in register().tables.items() for column in entry.files]


def differences(columns: Iterable[tuple[str, str]]) -> list[str]:
    """``table.column`` that exist and are not classified, or are classified and do not exist."""
    there = {f"{table}.{column}" for table, column in columns}
    said = {f"{table}.{column}" for table, entry in register().tables.items() for _, column in entry.columns()}
    return sorted(there ^ said)
