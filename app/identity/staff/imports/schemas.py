"""What a program sends to bring staff into a college."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.identity.imports.people import MOST_PEOPLE
from app.identity.imports.schemas import ListedPerson
from app.platform.schema import Command


class StaffToInvite(ListedPerson):
    """A person to invite to a role of the college; ``cohort``: the code of the one that a trainer begins with."""

    role: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    cohort: Annotated[str, StringConstraints(max_length=60)] = ""


class StaffListToInvite(Command):
    """A list of staff; a dry run writes nothing and says what each row would do."""

    people: Annotated[list[StaffToInvite], Field(min_length=1, max_length=MOST_PEOPLE)]
    dry_run: bool = False
