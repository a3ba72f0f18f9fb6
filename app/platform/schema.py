"""The base classes of commands and read models, and their common types of text.

Every text of a command is cleaned before anything else looks at it (:mod:`app.platform.text`): a text of nothing
visible is missing where one is required, ``None`` where none is needed. Passwords are left as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.platform import text

Value = TypeVar("Value")
YEARS = range(1900, 2200)
"""The years that a submitted date or moment may have."""


def cleaned(clean: Callable[[str], str], value: object) -> object:
    """Return a value, a text cleaned by a function of :mod:`app.platform.text`; its refusals are validation errors."""
    if not isinstance(value, str):
        return value
    try:
        return clean(value)
    except text.RefusedCharacter as error:
        details = {"character": error.code, "around": error.around, "position": error.position}
        raise PydanticCustomError("refused_character", "{character} at {position}", details) from None
    except text.NoLetter:
        raise PydanticCustomError("name_without_letter", "a name has a letter") from None


def cleaned_by(clean: Callable[[str], str]) -> BeforeValidator:
    """Return the validator of a type whose texts a function of :mod:`app.platform.text` cleans."""
    return BeforeValidator(partial(cleaned, clean))


def _alternatives(annotation: object) -> Iterator[object]:
    """Yield the types that a field may have: those of a union, each without its constraints."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType}:
        for argument in get_args(annotation):
            yield from _alternatives(argument)
    else:
        yield annotation


@cache
def _types_of(model: type[BaseModel]) -> Mapping[str, frozenset[object]]:
    """Return the types of each field."""
    return {name: frozenset(_alternatives(field.annotation)) for name, field in model.model_fields.items()}


def within_calendars(value: Value) -> Value:
    """Return a value; refuse dates so far away that adding a week or a time zone to them overflows."""
    if isinstance(value, date) and value.year not in YEARS:  # a datetime is a date too
        raise ValueError("not a year of anyone's")
    return value


class Command(BaseModel):
    """Base of the commands received as JSON or as a form: unknown fields are refused, texts are cleaned."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _clean_texts(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever was sent
        """Clean every text and every text of a list, whatever the declared type of the field."""
        name = str(info.field_name)
        types = _types_of(cls)[name]
        if SecretStr in types:
            return value
        if isinstance(value, list | tuple):
            return [cleaned(text.clean, item) for item in value]
        value = cleaned(text.clean, value)
        if value == "" and type(None) in types:
            return None
        if value == "" and cls.model_fields[name].is_required():
            raise PydanticCustomError("missing", "required")
        return value

    @field_validator("*")
    @classmethod
    def _within_calendars(cls, value: object) -> object:
        return within_calendars(value)


class Read(BaseModel):
    """Base of the frozen read models that services return, and that pages and the API show."""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)


Line = Annotated[str, cleaned_by(text.clean_line), StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Name = Annotated[str, cleaned_by(text.clean_name), StringConstraints(min_length=1, max_length=100)]
"""A name of a person: it has a letter."""
Code = Annotated[str, cleaned_by(text.clean_code)]
"""A code that is printed or copied: a cohort's, an activity's, an enterprise's number."""
Address = Annotated[str, cleaned_by(text.clean_address)]
"""An e-mail or web address."""
SearchText = Annotated[str, cleaned_by(text.clean_line), StringConstraints(max_length=100)]


class NeverShownAgain:
    """Marks a field, as ``SecretStr`` does, whose value no page shows again when its form is refused."""


BlankIsNone = BeforeValidator(lambda value: None if value == "" else value)
"""For an item of a list in a form: browsers send the fields that nobody filled in as empty texts."""
