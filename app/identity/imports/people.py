"""Whom the rows of a list are about, among the people of a college whom the importer may see; pure.

Nothing here knows of anyone else: an address of another college is treated as one that nobody has.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from app.identity.imports.enums import ACTS, RowOutcome
from app.identity.imports.rules import (
    FIELDS,
    KnownName,
    Spelling,
    invitee_of,
    is_same_name,
    name_of,
    spelling,
    spellings,
)
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.schemas import Invitee
from app.platform.errors import Reason

MOST_PEOPLE = 500
"""Longest list of a page: ten times the largest cohort's applications, and what one pair of eyes can still check."""
MOST_CANDIDATES = 10
"""The most people of one name whom a row asks about."""
NAMES = (FIELDS["legal_first_name"], FIELDS["legal_last_name"], FIELDS["chosen_name"])
THE_ONLY_ONE = 0


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person whom the college knows; ``email`` is ``None`` without an account.

    ``name`` is the one that is shown: another legal name is nobody's to find out with a list.
    """

    id: int
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """The people of a college whom a list may be about, and the importer."""

    people: tuple[KnownPerson, ...] = ()
    college_id: int = 0
    importer: int = 0
    by_address: Mapping[str, KnownPerson] = field(init=False)
    by_name: Mapping[Spelling, Sequence[KnownPerson]] = field(init=False)

    def __post_init__(self) -> None:
        """Find each person under their address and their name: a list has hundreds of rows, a college thousands."""
        by_name: dict[Spelling, list[KnownPerson]] = defaultdict(list)
        for person in self.people:
            by_name[spelling(person.name)].append(person)
        object.__setattr__(self, "by_address", {p.email: p for p in self.people if p.email is not None})
        object.__setattr__(self, "by_name", dict(by_name))

    def of_name(self, name: KnownName) -> tuple[KnownPerson, ...]:
        """Return the people whose shown name is one of the names that a row gives, ``MOST_CANDIDATES`` at most."""
        found = {p.id: p for words in sorted(spellings(name)) for p in self.by_name.get(words, ())}
        return tuple(found.values())[:MOST_CANDIDATES]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the importer said of rows, by address: the same person as one who is known, or another one.

    ``THE_ONLY_ONE`` stands for the id of the person when nobody else may be meant.
    """

    same: Mapping[str, int] = field(default_factory=dict)
    another: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckedPerson:
    """A row: what it does, for whom and where, what is wrong by heading, and who may be the same person.

    ``candidates`` stay when the importer has told which one it is, or none: an answer may be changed.
    """

    row: int
    email: str
    name: str
    outcome: RowOutcome
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[KnownPerson, ...] = ()
    invitee: Invitee | None = None
    person: KnownPerson | None = None
    place: Place | None = None

    def as_(self, outcome: RowOutcome, *reasons: Reason) -> "CheckedPerson":
        """Return the row with an outcome, and what is wrong besides."""
        return replace(self, outcome=outcome, reasons=(*self.reasons, *reasons))


class Purpose(Protocol):
    """What a list brings people in for."""

    def place_of(self, sheet: Sheet, line: Line, reasons: list[Reason]) -> Place | None:
        """Return the place that a row names; what is wrong is added to ``reasons``."""
        ...

    def settled(self, row: CheckedPerson, sheet: Sheet) -> CheckedPerson:
        """Return a row whose person is certain, with what it does."""
        ...


def check_people(sheet: Sheet, known: KnownPeople, answers: Answers, purpose: Purpose) -> tuple[CheckedPerson, ...]:
    """Return what each row of a list does, in order."""
    check = _Check(sheet, known, answers, purpose)
    first_rows: dict[str, tuple[int, KnownName]] = {}
    done: set[tuple[str, Place | None]] = set()
    checked = []
    for line in sheet.lines:
        reasons: list[Reason] = []
        invitee = invitee_of(sheet, line, reasons)
        row = _row(line, invitee, purpose.place_of(sheet, line, reasons), reasons)
        if invitee is not None and not reasons:
            first_row, name = first_rows.setdefault(invitee.email, (line.row, name_of(invitee)))
            if is_same_name(name, name_of(invitee)):
                row = check.about(row, invitee)
            else:
                reason = Reason("import_another_row", {"row": first_row, "name": name.shown})
                row = row.as_(RowOutcome.REFUSED, replace(reason, field=sheet.heading(Column.EMAIL)))
        if row.invitee is not None and row.outcome in ACTS:
            key = (row.invitee.email, row.place)
            row = row.as_(RowOutcome.REPEATED) if key in done else row
            done.add(key)
        checked.append(row)
    return tuple(checked)


def _row(line: Line, invitee: Invitee | None, place: Place | None, reasons: Sequence[Reason]) -> CheckedPerson:
    """Return a row as it was typed, to be corrected so far."""
    typed = " ".join(filter(None, (line.cells.get(Column.FIRST_NAME), line.cells.get(Column.LAST_NAME))))
    email = invitee.email if invitee is not None else line.cells.get(Column.EMAIL, "")
    return CheckedPerson(line.row, email, typed, RowOutcome.REFUSED, tuple(reasons), place=place)


@dataclass(frozen=True, slots=True)
class _Check:
    """What a row that is well typed comes to."""

    sheet: Sheet
    known: KnownPeople
    answers: Answers
    purpose: Purpose

    def about(self, row: CheckedPerson, invitee: Invitee) -> CheckedPerson:
        """Return the row with the person whom it is about, and what it does."""
        person, candidates = self._match(invitee)
        row = replace(row, person=person, candidates=candidates)
        refusal = self._refusal(invitee.email, row)
        if refusal is not None:
            return row.as_(RowOutcome.REFUSED, replace(refusal, field=self.sheet.heading(Column.EMAIL)))
        is_told = person is not None or invitee.email in self.answers.another
        if candidates and not is_told:
            return row.as_(RowOutcome.ASKED)
        if person is not None and person.email is not None:
            invitee = invitee.model_copy(update={"email": person.email})
        return self.purpose.settled(replace(row, invitee=invitee), self.sheet)

    def _match(self, invitee: Invitee) -> tuple[KnownPerson | None, tuple[KnownPerson, ...]]:
        """Return whom a row is about, if that is certain, and those whom the importer must tell apart."""
        names, email = name_of(invitee), invitee.email
        claimed = self.answers.same.get(email)
        by_address = self.known.by_address.get(email)
        if by_address is not None:
            if not spelling(by_address.name) or spelling(by_address.name) in spellings(names):
                return by_address, ()
            is_told = claimed in {by_address.id, THE_ONLY_ONE} or email in self.answers.another
            return by_address if is_told else None, (by_address,)
        candidates = self.known.of_name(names)
        if claimed == THE_ONLY_ONE and len(candidates) == 1:
            return candidates[0], candidates
        return next((p for p in candidates if p.id == claimed), None), candidates

    def _refusal(self, email: str, row: CheckedPerson) -> Reason | None:
        """Return why what was answered of a row cannot be, or why its person is not the importer's to add."""
        person, claimed = row.person, self.answers.same.get(email)
        possible = {p.id for p in (person, *row.candidates) if p is not None}
        if claimed is not None and claimed not in possible and not (claimed == THE_ONLY_ONE and possible):
            return Reason("unknown_person")
        if person is None:
            return None
        if person.email == email and email in self.answers.another:
            return Reason("import_address_of_other", {"name": person.name})
        return Reason("import_oneself") if person.id == self.known.importer else None


def names_in(sheet: Sheet) -> frozenset[Spelling]:
    """Return the names that a list gives, as they are compared."""
    cells = ([line.cells.get(column, "") for column in NAMES] for line in sheet.lines)
    names = (KnownName(first, last, chosen, has_account=False) for first, last, chosen in cells)
    return frozenset(words for name in names for words in spellings(name))
