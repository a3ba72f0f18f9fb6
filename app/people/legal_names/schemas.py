"""Legal names: the present one, the former ones, and who saw the proof of each change (S7)."""

from datetime import date, datetime

from pydantic import Field

from app.people.rules import full_name
from app.people.schemas import NewPerson
from app.platform.schema import Read


class PersonRef(Read):
    """A person of a college within the actor's reach: what commands accept."""

    person_id: int
    college_id: int


class Rename(NewPerson):
    """A new legal name, on a proof seen that day, then destroyed; an empty ``chosen_name`` removes the chosen name."""

    seen_on: date


class FormerName(Read):
    """A former legal name and when it was replaced."""

    legal_first_name: str | None = Field(description="null for a person who had one name only")
    legal_last_name: str
    until: datetime
    seen_on: date
    seen_by: str

    @property
    def legal_name(self) -> str:
        """The names as one text."""
        return full_name(self.legal_first_name, self.legal_last_name)


class LegalName(Read):
    """A person's legal and chosen names, and their former legal names, latest first."""

    id: int
    legal_first_name: str | None = Field(description="null for a person who has one name only")
    legal_last_name: str
    chosen_name: str | None
    document_name: str | None = Field(description="in Latin letters, where no document can print the legal name")
    former: tuple[FormerName, ...]

    @property
    def legal_name(self) -> str:
        """The names as one text."""
        return full_name(self.legal_first_name, self.legal_last_name)
