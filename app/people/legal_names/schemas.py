"""Legal names: the one someone has, those they had, and who saw the proof of a change (S7)."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from app.people.rules import normal_name
from app.people.schemas import Name
from app.platform.schema import Command, Line, Read


class PersonRef(Read):
    """Someone of a college within reach: what commands accept."""

    id: int
    college_id: int


class Rename(Command):
    """Another legal name, on a proof seen that day and then destroyed; the chosen name is as sent, none if empty."""

    legal_first_name: Name
    legal_last_name: Name
    chosen_name: Annotated[
        Annotated[Line, AfterValidator(normal_name), StringConstraints(max_length=200)] | None,
        BeforeValidator(lambda value: value or None),
    ] = None
    seen_on: date


class FormerName(Read):
    """A legal name someone had until a moment."""

    legal_first_name: str
    legal_last_name: str
    until: datetime
    seen_on: date
    seen_by: str


class LegalName(Read):
    """Someone's legal and chosen names, and the legal names before, latest first."""

    id: int
    legal_first_name: str
    legal_last_name: str
    chosen_name: str | None
    former: tuple[FormerName, ...]
