"""What a list of people asks of a cohort: applicants to invite, and trainers of the college who train it; pure."""

from dataclasses import dataclass

from app.identity.imports.enums import RowOutcome
from app.identity.imports.people import CheckedPerson
from app.identity.imports.rules import is_named, role_named
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.platform.errors import Reason
from app.platform.security.permissions import Role


@dataclass(frozen=True, slots=True)
class ForCohort:
    """A cohort that a list brings people into: who of the known people is what there, and whose answer is awaited.

    ``names`` are those by which a row may name it.
    """

    college_id: int = 0
    cohort_id: int = 0
    names: tuple[str, ...] = ()
    applied: frozenset[int] = frozenset()
    staff: frozenset[int] = frozenset()
    trains: frozenset[int] = frozenset()
    waiting: frozenset[str] = frozenset()

    def place_of(self, sheet: Sheet, line: Line, reasons: list[Reason]) -> Place | None:
        """Return the place of a row in the cohort: an applicant's, unless it names a trainer."""
        typed = line.cells.get(Column.ROLE, "")
        role = role_named(typed) if typed else Role.PARTICIPANT
        if role not in {Role.PARTICIPANT, Role.TRAINER}:
            reasons.append(Reason("import_cohort_role", {"role": typed}, sheet.heading(Column.ROLE)))
        if not is_named(line.cells.get(Column.COHORT, ""), self.names):
            reasons.append(Reason("import_elsewhere", field=sheet.heading(Column.COHORT)))
        return Place(Role.TRAINER if role is Role.TRAINER else None, self.college_id, self.cohort_id)

    def settled(self, row: CheckedPerson, sheet: Sheet) -> CheckedPerson:
        """Return a row whose person is certain, with what it does."""
        person_id = row.person.id if row.person is not None else None
        if row.place is not None and row.place.role is Role.TRAINER:
            if person_id not in self.staff:
                reason = Reason("import_staff_first", field=sheet.heading(Column.ROLE))
                return row.as_(RowOutcome.REFUSED, reason)
            return row.as_(RowOutcome.ALREADY_TRAINS if person_id in self.trains else RowOutcome.TRAINS)
        if person_id in self.applied:
            return row.as_(RowOutcome.ALREADY_HERE)
        is_waiting = row.invitee is not None and row.invitee.email in self.waiting
        return row.as_(RowOutcome.WAITING if is_waiting else RowOutcome.INVITED)
