"""The base classes of commands and read models, and their common types of text."""

import unicodedata
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, field_validator

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidirectional control characters, which display text in another order than it is stored."""


def clean(value: str) -> str:
    """Return a text in NFC; raise ``ValueError`` for a control character, which no column can hold."""
    if any((unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t") or c in BIDI for c in value):
        raise ValueError("control character")
    return unicodedata.normalize("NFC", value)


YEARS = range(1900, 2200)
"""The years that a submitted date or moment may have."""


class Command(BaseModel):
    """Base of the commands received as JSON or as a form: unknown fields are refused, text is trimmed and cleaned."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _clean_texts(cls, value: object) -> object:
        """Clean every text, and the texts of tuples, whatever the declared type of the field."""
        if isinstance(value, tuple):
            return tuple(clean(item) if type(item) is str else item for item in value)
        return clean(value) if type(value) is str else value

    @field_validator("*")
    @classmethod
    def _within_calendars(cls, value: object) -> object:
        """Refuse dates so far away that adding a week or a time zone to them overflows."""
        if isinstance(value, date) and value.year not in YEARS:  # a datetime is a date too
            raise ValueError("not a year of anyone's")
        return value


class Read(BaseModel):
    """Base of the frozen read models that services return, and that pages and the API show."""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)


Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]

BlankIsNone = BeforeValidator(lambda value: None if value == "" else value)
"""For an optional field of a form: browsers send the fields that nobody filled in as empty texts."""
