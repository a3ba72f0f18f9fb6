"""Commands and read models of a college's branding and signatories."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from app.certificates.schemas import Colour, StoredPng, TypedColour
from app.platform.schema import Command, Line, Name, Read


class NewSignatory(Command):
    """A new signatory of the college's certificates; printed in order of ``position``, four at most."""

    name: Annotated[Name, StringConstraints(max_length=80)]
    title: Annotated[Line, StringConstraints(max_length=140)]
    position: Annotated[int, Field(ge=1, le=99)] = 1
    valid_from: date
    valid_to: Annotated[date | None, BeforeValidator(lambda value: value or None)] = None


class SignatoryChangeCommand(Command):
    """Why a signatory is ended, or taken back."""

    reason: Annotated[Line, StringConstraints(max_length=500)]


class SignatoryRef(Read):
    """A signatory that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int


class Colours(Command):
    """A college's colours; the design's own where empty."""

    ink: Annotated[TypedColour | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="of titles, #rrggbb, at least 4.5 to 1 on white"
    )
    accent: Annotated[TypedColour | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="of ornaments, #rrggbb"
    )


class Branding(Read):
    """The logo and colours of a college's next documents."""

    logo: StoredPng | None = Field(description="the stored file of its logo, <sha256>.png")
    ink: Colour | None
    accent: Colour | None


class SignatoryChangeShown(Read):
    """An end of a signatory, or their return: by whom, when and why."""

    is_end: bool
    changed_at: datetime
    changed_by: str
    reason: str


class SignatoryShown(Read):
    """A signatory, the first and last day on which they sign, and their ends and returns."""

    id: int
    name: str
    title: str
    position: int
    valid_from: date
    valid_to: date | None
    image: StoredPng | None = Field(default=None, description="the stored file of their signature, <sha256>.png")
    ended_at: datetime | None = None
    changes: tuple[SignatoryChangeShown, ...] = ()


class SignatoryList(Read):
    """A college's signatories, in order of print; those that were ended stand apart."""

    items: tuple[SignatoryShown, ...]
    ended: tuple[SignatoryShown, ...]
    nobody_signs: bool
