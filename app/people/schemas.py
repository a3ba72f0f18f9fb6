"""The names of a person, and the command that adds a person."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from app.platform.schema import Command, Name, cleaned_by
from app.platform.text import clean_name, is_blank

ChosenName = Annotated[str, cleaned_by(clean_name), StringConstraints(min_length=1, max_length=200)]


class LegalNames(Command):
    """The names of an identity document; a person who has one name only has no first name."""

    legal_first_name: Name | None = Field(default=None, description="empty for a person who has one name only")
    legal_last_name: Name = Field(description="the only name of a person who has one")

    @model_validator(mode="before")
    @classmethod
    def _single_name(cls, values: Any) -> Any:  # noqa: ANN401 - whatever was sent
        """Take a single name as the last name, whichever of the two fields it was typed in."""
        if not isinstance(values, dict):
            return values
        first, last = (values.get(name) or "" for name in ("legal_first_name", "legal_last_name"))
        if isinstance(first, str) and isinstance(last, str) and is_blank(last) and not is_blank(first):
            return {**values, "legal_first_name": None, "legal_last_name": first}
        return values


class NewPerson(LegalNames):
    """A person to add, with the names of their identity document."""

    chosen_name: ChosenName | None = None
    document_name: ChosenName | None = Field(
        default=None, description="name in Latin letters for documents, where the legal name has letters none can print"
    )
