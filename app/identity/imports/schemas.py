"""What a list of people comes to, row by row, for pages and programs."""

import hashlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import StringConstraints

from app.identity.imports.enums import ACTS, RowOutcome
from app.identity.imports.people import THE_ONLY_ONE, Answers, CheckedPerson
from app.identity.imports.records import Problem
from app.identity.imports.rules import FIELDS
from app.identity.imports.sheet import Column, Heading, Line, Sheet
from app.platform.errors import Invalid, Reason
from app.platform.messages.addresses import normal_address
from app.platform.schema import Command, Read


class ListedPerson(Command):
    """A person of a list; ``is_same``: the one whom the college knows by that name or address.

    ``is_another``: another person than those of the same name.
    """

    email: Annotated[str, StringConstraints(min_length=1, max_length=254)]
    legal_first_name: Annotated[str, StringConstraints(max_length=100)] = ""
    legal_last_name: Annotated[str, StringConstraints(max_length=100)] = ""
    chosen_name: Annotated[str, StringConstraints(max_length=200)] = ""
    role: Annotated[str, StringConstraints(max_length=100)] = ""
    is_same: bool = False
    is_another: bool = False


def answers_of(people: Sequence[ListedPerson]) -> Answers:
    """Return what a program says of the rows of its list."""
    rows = [(normal_address(one.email), one) for one in people]
    same = {email: THE_ONLY_ONE for email, one in rows if one.is_same}
    return Answers(same, frozenset(email for email, one in rows if one.is_another))


def sheet_of(people: Sequence[ListedPerson], **more: Column) -> Sheet:
    """Return a program's list as a sheet, whose headings are the names of its fields; ``more``: other ones."""
    columns = {**FIELDS, "role": Column.ROLE, **more}
    lines = tuple(
        Line(row, {column: str(getattr(one, name) or "") for name, column in columns.items()})
        for row, one in enumerate(people, 1)
    )
    return Sheet(lines, {column: name for name, column in columns.items()})


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
    """A list as a page shows it: its rows, all there is to correct, its headings, and itself as text.

    ``digest`` is that of the list and of what was answered: what is confirmed is what was read.
    """

    text: str
    rows: tuple[AddedPerson, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[Heading, ...]
    digest: str
    written: bool = False

    @property
    def to_do(self) -> int:
        """How many rows do something."""
        return sum(row.outcome in ACTS for row in self.rows)

    @property
    def people_to_do(self) -> int:
        """How many people these rows are about: someone of two roles has two rows."""
        return len({row.email for row in self.rows if row.outcome in ACTS})

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to correct or to answer."""
        return not self.problems and not any(row.outcome is RowOutcome.ASKED for row in self.rows)

    @property
    def undecided(self) -> tuple[Heading, ...]:
        """The headings that are not known, nor matched, nor left out."""
        return tuple(h for h in self.columns if h.column is None and h.place is not None and not h.is_known)

    @property
    def misses_column(self) -> bool:
        """Whether a column that is needed is not there: one of the headings may be it."""
        return any(problem.reason.code == "import_missing" for problem in self.problems)

    @property
    def questions(self) -> tuple[AddedPerson, ...]:
        """The rows whose person the importer tells, one for each address."""
        return tuple({row.email: row for row in reversed(self.rows) if row.candidates}.values())[::-1]

    def require_settled(self) -> None:
        """Raise ``Invalid`` with every reason, in the place of a program's list that it is about."""
        asked = [
            Reason(
                "import_same_name", {"name": ", ".join(c.name for c in row.candidates)}, f"people.{row.row - 1}.email"
            )
            for row in self.rows
            if row.outcome is RowOutcome.ASKED
        ]
        wrong = [Reason(p.reason.code, p.reason.params, f"people.{p.row - 1}.{p.reason.field}") for p in self.problems]
        if wrong or asked:
            raise Invalid("invalid", *wrong, *asked)


def preview_of(sheet: Sheet, rows: Sequence[CheckedPerson], answers: Answers, *, written: bool) -> PeoplePreview:
    """Return a checked list as it is shown."""
    wrong = [Problem(row.row, reason) for row in rows for reason in row.reasons]
    problems = sorted((*sheet.problems, *wrong), key=lambda problem: problem.row)
    return PeoplePreview(
        text=sheet.text,
        rows=tuple(
            AddedPerson(
                row=row.row,
                email=row.email,
                name=row.name,
                outcome=row.outcome,
                candidates=tuple(PossiblePerson(id=c.id, name=c.name) for c in row.candidates),
            )
            for row in rows
        ),
        problems=tuple(RowProblem(row=problem.row, reason=problem.reason) for problem in problems),
        columns=sheet.columns,
        digest=list_digest(sheet, answers),
        written=written,
    )


def list_digest(sheet: Sheet, answers: Answers) -> str:
    """Return the digest of a list and of what was answered of it."""
    said = (sheet.text, sorted(answers.same.items()), sorted(answers.another))
    return hashlib.sha256(repr(said).encode()).hexdigest()
