"""What a list of people sends, and what each of its rows comes to."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.cohorts.imports.enums import RowOutcome
from app.cohorts.imports.rules import MOST_PEOPLE, THE_ONLY_ONE, Answers
from app.identity.imports.sheet import Heading
from app.platform.errors import Reason
from app.platform.messages.addresses import normal_address
from app.platform.schema import Command, Read


class PersonToAdd(Command):
    """A person to bring into a cohort, as a list's row; ``is_same``: the one whom the college knows by that name.

    ``is_another``: another person than those of the same name. ``role``: a participant unless it says a trainer.
    """

    email: Annotated[str, StringConstraints(min_length=1, max_length=254)]
    legal_first_name: Annotated[str, StringConstraints(max_length=100)] = ""
    legal_last_name: Annotated[str, StringConstraints(max_length=100)] = ""
    chosen_name: Annotated[str, StringConstraints(max_length=200)] = ""
    role: Annotated[str, StringConstraints(max_length=100)] = ""
    is_same: bool = False
    is_another: bool = False


class PeopleToAdd(Command):
    """A list of people; a dry run writes nothing and says what each row would do."""

    people: Annotated[list[PersonToAdd], Field(min_length=1, max_length=MOST_PEOPLE)]
    dry_run: bool = False

    @property
    def answers(self) -> Answers:
        """What was said of rows."""
        rows = [(normal_address(one.email), one) for one in self.people]
        same = {email: THE_ONLY_ONE for email, one in rows if one.is_same}
        return Answers(same, frozenset(email for email, one in rows if one.is_another))


class PossiblePerson(Read):
    """Someone of the college who may be the person of a row."""

    id: int
    name: str


class AddedPerson(Read):
    """A row of a list: what it did or would do, and who may be the same person."""

    row: int
    email: str
    name: str
    outcome: RowOutcome
    candidates: tuple[PossiblePerson, ...]


class AddedPeople(Read):
    """A list of people, row by row; ``written``: the invitations were sent."""

    written: bool
    people: tuple[AddedPerson, ...]


class RowProblem(Read):
    """What is to be corrected in a list."""

    row: int
    reason: Reason


class PeoplePreview(Read):
    """A list as a page shows it: its rows, all there is to correct, its headings, and itself as text."""

    text: str
    rows: tuple[AddedPerson, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[Heading, ...]
    written: bool = False

    @property
    def to_do(self) -> int:
        """How many rows do something."""
        return sum(row.outcome in {RowOutcome.INVITED, RowOutcome.TRAINS} for row in self.rows)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to correct or to answer."""
        return not self.problems and not any(row.outcome is RowOutcome.ASKED for row in self.rows)
