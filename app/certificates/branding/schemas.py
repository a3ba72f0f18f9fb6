"""What certificates say, what is asked of them and what is shown of them. Times are minutes, dates ISO 8601."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from app.certificates.schemas import Colour, KeptPng, Tint
from app.platform.schema import Command, Line, Read


class NewSignatory(Command):
    """Someone who signs the college's certificates; printed in order of ``position``, four at most."""

    name: Annotated[Line, StringConstraints(max_length=80)]
    title: Annotated[Line, StringConstraints(max_length=140)]
    position: Annotated[int, Field(ge=1, le=99)] = 1
    valid_from: date
    valid_to: Annotated[date | None, BeforeValidator(lambda value: value or None)] = None


class SignatoryRef(Read):
    """A signatory that the actor may change: what commands accept."""

    id: int
    college_id: int


class Colours(Command):
    """A college's colours; empty ones leave the design's own."""

    ink: Annotated[Tint | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="of titles, #rrggbb, at least 4.5 to 1 on white"
    )
    accent: Annotated[Tint | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="of ornaments, #rrggbb"
    )


class Branding(Read):
    """What a college's next documents show of it."""

    logo: KeptPng | None = Field(description="the kept file of its logo, <sha256>.png")
    ink: Colour | None
    accent: Colour | None


class SignatoryShown(Read):
    """A signatory and the days on which they sign, both included."""

    id: int
    name: str
    title: str
    position: int
    valid_from: date
    valid_to: date | None
    image: KeptPng | None = Field(default=None, description="the kept file of their signature, <sha256>.png")


class SignatoryList(Read):
    """A college's signatories, in order of print."""

    items: tuple[SignatoryShown, ...]
