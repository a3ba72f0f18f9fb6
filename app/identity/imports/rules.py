"""What the rows of a sheet ask for, compared with what is known: whom to invite where, or what to correct; pure."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.identity.imports.records import Problem
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.schemas import Invitee
from app.platform.errors import Reason
from app.platform.messages.addresses import normal_address
from app.platform.messages.i18n import has_message
from app.platform.search import WRITTEN_OUT, search_words
from app.platform.security.permissions import Role

ROLE_WORDS: Mapping[Role, tuple[str, ...]] = {
    Role.PARTICIPANT: ("participante", "participant", "participation", "participant e", "conseillere", "conseiller",
                       "conseillere numerique", "conseiller numerique", "apprenante", "apprenant", "learner"),
    Role.TRAINER: ("formatrice", "formateur", "formation", "formateur trice", "formateur rice", "formateurtrice",
                   "enseignante", "enseignant", "trainer", "instructor"),
    Role.FACILITATOR: ("animatrice", "animateur", "animation", "animateur trice", "animateur rice", "animateurtrice",
                       "facilitatrice", "facilitateur", "facilitation", "facilitator"),
    Role.COORDINATOR: ("coordonnatrice", "coordonnateur", "coordination", "coordonnateur trice",
                       "coordonnateur rice", "coordonnateurtrice", "coordinatrice", "coordinateur", "coordinator"),
    Role.REGISTRAR: ("registraire", "registrariat", "registrar"),
    Role.OBSERVER: ("observatrice", "observateur", "observation", "observateur trice", "observateur rice",
                    "observateurtrice", "observer"),
    Role.ADMIN: ("administratrice", "administrateur", "administration", "administrateur trice", "administrateur rice",
                 "administrateurtrice", "admin", "administrator"),
}  # fmt: skip
"""The words for each role in a sheet, as :func:`search_words` writes them: both genders, joined ones, English."""
ROLE_OF = {word: role for role, words in ROLE_WORDS.items() for word in words}
PLATFORM_ROLES = frozenset({Role.ADMIN, Role.OBSERVER})
Spelling = tuple[str, ...]
CONFIRMABLE = frozenset({"import_another_account", "import_another_invitation"})
"""The problems that confirming the row's address solves."""
LISTED = 20
"""Most valid values that a message lists."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """The names of a person who has an account, or of one who is invited."""

    first: str
    last: str
    chosen: str
    has_account: bool

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.chosen or f"{self.first} {self.last}".strip()


@dataclass(frozen=True, slots=True)
class KnownCollege:
    """A college that a row may name, by its slug or its name; its cohorts, id by code."""

    id: int
    slug: str
    name: str
    cohorts: Mapping[str, int]
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the deployment holds of the colleges and addresses that a sheet names.

    ``held``: the roles of accounts; ``waiting``: what open invitations offer; both as ``(address, place)``.
    """

    colleges: tuple[KnownCollege, ...]
    projects: tuple[int, ...]
    names: Mapping[str, KnownName]
    held: frozenset[tuple[str, Place]]
    waiting: frozenset[tuple[str, Place]]


class Outcome(StrEnum):
    """What an import does with a row."""

    INVITED = "invited"
    INVITED_ACCOUNT = "invited_account"
    WAITING = "waiting"
    HELD = "held"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A valid row: who, the places to invite them to (none when nothing is left to do), and why.

    ``account_name``: the name of the account that the address has already.
    """

    row: int
    invitee: Invitee
    places: tuple[Place, ...]
    outcome: Outcome
    account_name: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole sheet, checked: the rows that are valid, and all there is to correct, by row."""

    rows: tuple[CheckedRow, ...]
    problems: tuple[Problem, ...]


def addresses(sheet: Sheet) -> frozenset[str]:
    """Return the addresses that the sheet names, as accounts store them."""
    return frozenset(normal_address(line.cells.get(Column.EMAIL, "")) for line in sheet.lines)


def check(sheet: Sheet, known: Known, *, confirmed: Iterable[str] = ()) -> Report:
    """Return what importing the sheet would do, or all that is to correct in it.

    ``confirmed``: the addresses whose person is the right one although the names differ.
    """
    sure = {normal_address(address) for address in confirmed}
    written: dict[str, tuple[int, KnownName]] = {}
    offered: set[tuple[str, Place]] = set()
    rows, problems = [], list(sheet.problems)
    for line in sheet.lines:
        reasons: list[Reason] = []
        invitee = invitee_of(sheet, line, reasons)
        places = _places(sheet, line, known, reasons)
        if invitee is not None:
            first_row = written.setdefault(invitee.email, (line.row, name_of(invitee)))
            if not is_same_name(first_row[1], name_of(invitee)):
                reasons.append(
                    Reason(
                        "import_another_row",
                        {"row": first_row[0], "name": first_row[1].shown},
                        sheet.heading(Column.EMAIL),
                    )
                )
            elif invitee.email not in sure:
                reasons += _other_name(sheet, invitee, known)
        problems += [Problem(line.row, reason) for reason in reasons]
        if invitee is not None and not reasons:
            checked = _outcome(line.row, invitee, places, known)
            left = tuple(place for place in checked.places if (invitee.email, place) not in offered)
            offered |= {(invitee.email, place) for place in left}
            repeated = checked.places and not left
            rows.append(replace(checked, places=left, outcome=Outcome.REPEATED if repeated else checked.outcome))
    return Report(tuple(rows), tuple(sorted(problems, key=lambda problem: problem.row)))


# Who --------------------------------------------------------------------------------------------


FIELDS = {
    "email": Column.EMAIL,
    "legal_first_name": Column.FIRST_NAME,
    "legal_last_name": Column.LAST_NAME,
    "chosen_name": Column.CHOSEN_NAME,
}


def invitee_of(sheet: Sheet, line: Line, reasons: list[Reason]) -> Invitee | None:
    """Return the person of a row, who may have one name only; what is wrong is added to ``reasons``."""
    try:
        return Invitee.model_validate({field: line.cells.get(column, "") for field, column in FIELDS.items()})
    except ValidationError as error:
        reasons += [_reason(sheet, detail) for detail in error.errors()]
        return None


def _reason(sheet: Sheet, detail: ErrorDetails) -> Reason:
    """Return what is wrong with a cell, at the heading of its column."""
    column, code = FIELDS[str(detail["loc"][0])], detail["type"]
    if column is Column.LAST_NAME and code == "missing":
        code = "import_name"
    limits = {k: v for k, v in detail.get("ctx", {}).items() if isinstance(v, str | int | float)}
    return Reason(code if has_message(f"reason.{code}") else "value_error", limits, sheet.heading(column))


def name_of(invitee: Invitee) -> KnownName:
    """Return the names that a row gives its person."""
    return KnownName(
        invitee.legal_first_name or "", invitee.legal_last_name, invitee.chosen_name or "", has_account=False
    )


def _other_name(sheet: Sheet, invitee: Invitee, known: Known) -> list[Reason]:
    """Return why the address may be another person's: its account, or its open invitation, has another name."""
    name = known.names.get(invitee.email)
    if name is None or is_same_name(name_of(invitee), name):
        return []
    code = "import_another_account" if name.has_account else "import_another_invitation"
    return [Reason(code, {"name": name.shown, "email": invitee.email}, sheet.heading(Column.EMAIL))]


def is_same_name(one: KnownName, other: KnownName) -> bool:
    """Return whether the names are one person's: the same words, in any order, accents and case apart.

    A legal name may stand for the chosen one; an invitation without names says nothing of its person.
    """
    return bool(spellings(one) & spellings(other)) or not spellings(one) or not spellings(other)


def spellings(name: KnownName) -> frozenset[Spelling]:
    """Return the legal and the chosen name as they are compared."""
    return frozenset(filter(None, (spelling(f"{name.first} {name.last}"), spelling(name.chosen))))


def spelling(name: str) -> Spelling:
    """Return the words of a name in order; none for a name without any letter that is searched."""
    return tuple(sorted(WRITTEN_OUT.get(word, word) for word in search_words(name)))


# Where ------------------------------------------------------------------------------------------


def is_named(typed: str, names: Iterable[str]) -> bool:
    """Return whether a cell names a place by one of its names, accents and case apart, or none."""
    words = search_words(typed)
    return not words or any(words == search_words(name) for name in names)


def role_named(text: str) -> Role | None:
    """Return the role that a word names, in French, feminine or masculine or both, or in English."""
    words = [word for word in search_words(text) if word not in {"ou", "et", "or"}]
    both = {ROLE_OF.get(word) for word in words}
    return ROLE_OF.get(" ".join(words)) or (both.pop() if len(both) == 1 else None)


def words_of(roles: Container[Role]) -> str:
    """Return the words that name some roles, for a message."""
    return ", ".join("/".join(dict.fromkeys(words[:2])) for role, words in ROLE_WORDS.items() if role in roles)


def _places(sheet: Sheet, line: Line, known: Known, reasons: list[Reason]) -> tuple[Place, ...]:
    """Return the places that a row names; what is wrong is added to ``reasons``."""
    typed, college_typed = line.cells.get(Column.ROLE, ""), line.cells.get(Column.COLLEGE, "")
    role = role_named(typed)
    if role is None:
        reasons.append(
            Reason("import_role", {"role": typed, "valid": words_of(ROLE_WORDS)}, sheet.heading(Column.ROLE))
        )
    college = _college(known, college_typed)
    if role in PLATFORM_ROLES:
        if college_typed or line.cells.get(Column.COHORT):
            reasons.append(Reason("import_no_college", field=sheet.heading(Column.COLLEGE)))
        if role is Role.OBSERVER and not known.projects:
            reasons.append(Reason("import_project", field=sheet.heading(Column.ROLE)))
        return (Place(role),) if role is Role.ADMIN else tuple(Place(role, project_id=p) for p in known.projects)
    if college is None:
        valid = _listed(c.slug for c in known.colleges)
        params = {"college": college_typed, "valid": valid}
        reasons.append(Reason("import_college", params, sheet.heading(Column.COLLEGE)))
        return ()
    if college.is_closed:
        reasons.append(Reason("college_closed", field=sheet.heading(Column.COLLEGE)))
    cohort_id = _cohort(sheet, line, college, role, reasons)
    return (Place(None if role is Role.PARTICIPANT else role, college.id, cohort_id),)


def _college(known: Known, typed: str) -> KnownCollege | None:
    """Return the college of this slug or name, accents and case apart."""
    words = search_words(typed)
    return next((c for c in known.colleges if words and words in (search_words(c.slug), search_words(c.name))), None)


def _cohort(sheet: Sheet, line: Line, college: KnownCollege, role: Role | None, reasons: list[Reason]) -> int | None:
    """Return the cohort that a trainer's row names."""
    typed = line.cells.get(Column.COHORT, "")
    if not typed:
        return None
    heading = sheet.heading(Column.COHORT)
    if role is Role.PARTICIPANT:
        reasons.append(Reason("import_enrolment", field=heading))
    elif role not in {Role.TRAINER, None}:
        reasons.append(Reason("cohort_for_trainers", field=heading))
    return cohort_named(college.cohorts, typed, heading, reasons)


def cohort_named(cohorts: Mapping[str, int], typed: str, heading: str, reasons: list[Reason]) -> int | None:
    """Return the cohort whose code a cell names, accents and case apart; what is wrong is added to ``reasons``."""
    found = next((id_ for code, id_ in cohorts.items() if search_words(code) == search_words(typed)), None)
    if found is None:
        reasons.append(Reason("import_cohort", {"cohort": typed, "valid": _listed(cohorts)}, heading))
    return found


def _listed(values: Iterable[str]) -> str:
    """Return values for a message, in order; the first ones when there are many."""
    ordered = sorted(values)
    return ", ".join(ordered[:LISTED]) + (", …" if len(ordered) > LISTED else "") if ordered else "-"


def _outcome(row: int, invitee: Invitee, places: tuple[Place, ...], known: Known) -> CheckedRow:
    """Return a valid row with what is left to offer."""
    name = known.names.get(invitee.email)
    account = name.shown if name is not None and name.has_account else None
    missing = tuple(
        place
        for place in places
        if (invitee.email, place) not in known.held and not (place.role is None and account is not None)
    )
    left = tuple(place for place in missing if (invitee.email, place) not in known.waiting)
    if left:
        outcome = Outcome.INVITED if account is None else Outcome.INVITED_ACCOUNT
    else:
        outcome = Outcome.WAITING if missing else Outcome.HELD
    return CheckedRow(row, invitee, left, outcome, account)
