"""The web's common ground: pages from templates, problems as JSON or pages."""

import unicodedata
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text read in another order than it is written."""


def clean(value: str) -> str:
    """A text as it is kept: composed accents; refused with a control character, which no column can hold."""
    if any((unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t") or c in BIDI for c in value):
        raise ValueError("control character")
    return unicodedata.normalize("NFC", value)


YEARS = range(1900, 2200)
"""Years that a day or a moment sent by someone may be of."""


class Command(BaseModel):
    """What someone asks for, as JSON or as a form: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _clean_texts(cls, value: object) -> object:
        """No text escapes the cleaning, whatever its type says of it."""
        if isinstance(value, tuple):
            return tuple(clean(item) if type(item) is str else item for item in value)
        return clean(value) if type(value) is str else value

    @field_validator("*")
    @classmethod
    def _within_calendars(cls, value: object) -> object:
        """No day so far that a week or a time zone away from it there is none."""
        if isinstance(value, date) and value.year not in YEARS:  # a moment is a day too
            raise ValueError("not a year of anyone's")
        return value


class Read(BaseModel):
    """A frozen read model: what services return and every face shows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
