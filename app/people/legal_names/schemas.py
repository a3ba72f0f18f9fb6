"""Legal names: the present one, the former ones, and who saw the proof of each change (S7)."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from app.people.rules import normal_name
from app.people.schemas import Name
from app.platform.schema import Command, Line, Read


class PersonRef(Read):
    """A person of a college within the actor's reach: what commands accept."""

    id: int
    college_id: int


class Rename(Command):
    """A new legal name, on a proof seen that day, then destroyed; an empty ``chosen_name`` removes the chosen name."""

    legal_first_name: Name
    legal_last_name: Name
    chosen_name: Annotated[
        Annotated[Line, AfterValidator(normal_name), StringConstraints(max_length=200)] | None,
        BeforeValidator(lambda value: value or None),
    ] = None
    seen_on: date


class FormerName(Read):
    """A former legal name and when it was replaced."""

    legal_first_name: str
    legal_last_name: str
    until: datetime
    seen_on: date
    seen_by: str


class LegalName(Read):
    """A person's legal and chosen names, and their former legal names, latest first."""

    id: int
    legal_first_name: str
    legal_last_name: str
    chosen_name: str | None
    former: tuple[FormerName, ...]
