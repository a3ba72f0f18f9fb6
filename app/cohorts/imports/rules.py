"""What a list of people asks of a cohort, compared with the people of its college whom the importer may see; pure.

Nothing here knows of anyone else: an address of another college is treated as one that nobody has.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.cohorts.imports.enums import RowOutcome
from app.identity.imports.rules import (
    FIELDS,
    KnownName,
    Spelling,
    invitee_of,
    is_same_name,
    name_of,
    role_named,
    spelling,
    spellings,
)
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.schemas import Invitee
from app.platform.errors import Reason
from app.platform.security.permissions import Role

MOST_PEOPLE = 500
"""Longest list of a page: ten times the largest cohort's applications, and what one pair of eyes can still check."""
NOTHING_TO_DO = frozenset({RowOutcome.ALREADY_HERE, RowOutcome.ALREADY_TRAINS, RowOutcome.WAITING, RowOutcome.REPEATED})
THE_ONLY_ONE = 0
NAMES = (FIELDS["legal_first_name"], FIELDS["legal_last_name"], FIELDS["chosen_name"])
UNSETTLED = frozenset({RowOutcome.ASKED, RowOutcome.REFUSED})


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with a role or an enrolment in the college; ``email`` is ``None`` without an account.

    ``name`` is the one that is shown: another legal name is nobody's to find out with a list.
    """

    id: int
    name: str
    email: str | None
    applied: bool = False
    is_staff: bool = False
    trains: bool = False


@dataclass(frozen=True, slots=True)
class Here:
    """The people of the college whom a list may be about, the addresses invited to the cohort, and the importer."""

    people: tuple[KnownPerson, ...] = ()
    waiting: frozenset[str] = frozenset()
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
        """Return the people whose shown name is one of the names that a row gives."""
        return tuple({p.id: p for words in sorted(spellings(name)) for p in self.by_name.get(words, ())}.values())


@dataclass(frozen=True, slots=True)
class Answers:
    """What the importer said of rows, by address: the same person as one who is known, or another one.

    ``THE_ONLY_ONE`` stands for the id of the person when nobody else may be meant.
    """

    same: Mapping[str, int] = field(default_factory=dict)
    another: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckedPerson:
    """A row: what it does, for whom, what is wrong by heading, and who may be the same person."""

    row: int
    email: str
    name: str
    outcome: RowOutcome
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[KnownPerson, ...] = ()
    invitee: Invitee | None = None
    person: KnownPerson | None = None


def check_people(sheet: Sheet, here: Here, answers: Answers) -> tuple[CheckedPerson, ...]:
    """Return what each row of a list does, in order."""
    seen: dict[str, tuple[int, Invitee]] = {}
    done: set[tuple[str, bool]] = set()
    checked = []
    for line in sheet.lines:
        row = _check(sheet, line, here, answers, seen)
        if row.invitee is not None and row.outcome in {RowOutcome.INVITED, RowOutcome.TRAINS}:
            key = (row.invitee.email, row.outcome is RowOutcome.TRAINS)
            if key in done:
                row = _as(row, RowOutcome.REPEATED)
            done.add(key)
        checked.append(row)
    return tuple(checked)


def _check(
    sheet: Sheet, line: Line, here: Here, answers: Answers, seen: dict[str, tuple[int, Invitee]]
) -> CheckedPerson:
    reasons: list[Reason] = []
    invitee = invitee_of(sheet, line, reasons)
    role = _role(sheet, line, reasons)
    typed = " ".join(filter(None, (line.cells.get(Column.FIRST_NAME), line.cells.get(Column.LAST_NAME))))
    email = invitee.email if invitee is not None else line.cells.get(Column.EMAIL, "")
    row = CheckedPerson(line.row, email, typed, RowOutcome.REFUSED, tuple(reasons))
    if invitee is None or reasons:
        return row
    first_row, first = seen.setdefault(email, (line.row, invitee))
    heading = sheet.heading(Column.EMAIL)
    if not is_same_name(name_of(first), name_of(invitee)):
        reason = Reason("import_another_row", {"row": first_row, "name": name_of(first).shown}, heading)
        return _as(row, RowOutcome.REFUSED, reason)
    person, candidates = _match(invitee, here, answers)
    refusal = _refusal(email, person, candidates, here, answers)
    if refusal is not None:
        return _as(replace(row, person=person), RowOutcome.REFUSED, replace(refusal, field=heading))
    if candidates:
        return replace(row, outcome=RowOutcome.ASKED, candidates=candidates)
    if person is not None and person.email is not None:
        invitee = invitee.model_copy(update={"email": person.email})
    return _settled(replace(row, invitee=invitee, person=person), role, here, sheet)


def _refusal(
    email: str, person: KnownPerson | None, candidates: Sequence[KnownPerson], here: Here, answers: Answers
) -> Reason | None:
    """Return why what was answered of a row cannot be, or why its person is not the importer's to add."""
    claimed = answers.same.get(email)
    possible = {p.id for p in (person, *candidates) if p is not None}
    if claimed is not None and claimed not in possible and not (claimed == THE_ONLY_ONE and possible):
        return Reason("unknown_person")
    if person is None:
        return None
    if person.email == email and email in answers.another:
        return Reason("import_address_of_other", {"name": person.name})
    return Reason("import_oneself") if person.id == here.importer else None


def _match(invitee: Invitee, here: Here, answers: Answers) -> tuple[KnownPerson | None, tuple[KnownPerson, ...]]:
    """Return the known person whom a row is about, or those who may be the same, whom the importer must tell apart."""
    names, email = name_of(invitee), invitee.email
    by_address = here.by_address.get(email)
    if by_address is not None:
        is_same = not spelling(by_address.name) or spelling(by_address.name) in spellings(names)
        is_said = answers.same.get(email) in {by_address.id, THE_ONLY_ONE} or email in answers.another
        return (by_address, ()) if is_same or is_said else (None, (by_address,))
    candidates = here.of_name(names)
    if email in answers.another or not candidates:
        return None, ()
    claimed = answers.same.get(email)
    if claimed == THE_ONLY_ONE and len(candidates) == 1:
        return candidates[0], ()
    chosen = next((p for p in candidates if p.id == claimed), None)
    return (chosen, ()) if chosen is not None else (None, candidates)


def words_of(sheet: Sheet) -> frozenset[str]:
    """Return one word of each name that a list gives, the longest: who has that name has that word."""
    cells = ([line.cells.get(column, "") for column in NAMES] for line in sheet.lines)
    names = (KnownName(first, last, chosen, has_account=False) for first, last, chosen in cells)
    return frozenset(max(words, key=len) for name in names for words in spellings(name))


def _role(sheet: Sheet, line: Line, reasons: list[Reason]) -> Role:
    """Return the role of a row in the cohort: an applicant, unless it names a trainer."""
    typed = line.cells.get(Column.ROLE, "")
    role = role_named(typed) if typed else Role.PARTICIPANT
    if role not in {Role.PARTICIPANT, Role.TRAINER}:
        reasons.append(Reason("import_cohort_role", {"role": typed}, sheet.heading(Column.ROLE)))
        return Role.PARTICIPANT
    return role


def _settled(row: CheckedPerson, role: Role, here: Here, sheet: Sheet) -> CheckedPerson:
    """Return a row whose person is certain, with what it does."""
    person, invitee = row.person, row.invitee
    if role is Role.TRAINER:
        if person is None or not person.is_staff:
            return _as(row, RowOutcome.REFUSED, Reason("import_staff_first", field=sheet.heading(Column.ROLE)))
        return _as(row, RowOutcome.ALREADY_TRAINS if person.trains else RowOutcome.TRAINS)
    if person is not None and person.applied:
        return _as(row, RowOutcome.ALREADY_HERE)
    is_waiting = invitee is not None and invitee.email in here.waiting
    return _as(row, RowOutcome.WAITING if is_waiting else RowOutcome.INVITED)


def _as(row: CheckedPerson, outcome: RowOutcome, *reasons: Reason) -> CheckedPerson:
    return replace(row, outcome=outcome, reasons=(*row.reasons, *reasons))
