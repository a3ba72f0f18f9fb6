"""What a program sends to bring people into a cohort."""

from typing import Annotated

from pydantic import Field

from app.identity.imports.people import MOST_PEOPLE
from app.identity.imports.schemas import ListedPerson
from app.platform.schema import Command


class PersonToAdd(ListedPerson):
    """A person to bring into a cohort; ``role``: a participant unless it says a trainer."""


class PeopleToAdd(Command):
    """A list of people; a dry run writes nothing and says what each row would do."""

    people: Annotated[list[PersonToAdd], Field(min_length=1, max_length=MOST_PEOPLE)]
    dry_run: bool = False
