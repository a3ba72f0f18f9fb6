"""The name of a person, and the command that adds a person."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from app.people.rules import normal_name
from app.platform.schema import Command, Line

Name = Annotated[Line, StringConstraints(max_length=100), AfterValidator(normal_name)]


class NewPerson(Command):
    """A person to add, with the names of their identity document."""

    legal_first_name: Name
    legal_last_name: Name
    chosen_name: Annotated[Line, StringConstraints(max_length=200), AfterValidator(normal_name)] | None = None
