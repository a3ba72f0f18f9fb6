"""What a list of staff asks of a college: the roles that its registrar may give, each in the college; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.identity.imports.enums import RowOutcome
from app.identity.imports.people import CheckedPerson
from app.identity.imports.rules import cohort_named, is_named, role_named, words_of
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.platform.errors import Reason
from app.platform.security.permissions import Role


@dataclass(frozen=True, slots=True)
class ForStaff:
    """A college that a list brings staff into: what the importer may give, what people hold, what waits for an answer.

    ``names`` are those by which a row may name it; ``cohorts``: the college's cohorts that have not ended, id by code.
    """

    college_id: int = 0
    names: tuple[str, ...] = ()
    grantable: frozenset[Role] = frozenset()
    cohorts: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[tuple[int, Place]] = frozenset()
    waiting: frozenset[tuple[str, Place]] = frozenset()

    def place_of(self, sheet: Sheet, line: Line, reasons: list[Reason]) -> Place | None:
        """Return the role of a row in the college, and the cohort where a trainer begins."""
        typed, heading = line.cells.get(Column.ROLE, ""), sheet.heading(Column.ROLE)
        role = role_named(typed)
        if not is_named(line.cells.get(Column.COLLEGE, ""), self.names):
            reasons.append(Reason("import_elsewhere", field=sheet.heading(Column.COLLEGE)))
        if role in self.grantable:
            return Place(role, self.college_id, self._cohort(sheet, line, role, reasons))
        if not typed:
            reasons.append(Reason("missing", field=heading))
        elif role is None or role is Role.PARTICIPANT:
            reasons.append(Reason("import_role", {"role": typed, "valid": words_of(self.grantable)}, heading))
        else:
            reasons.append(Reason("role_above_yours", field=heading))
        return None

    def settled(self, row: CheckedPerson, _: Sheet) -> CheckedPerson:
        """Return a row whose person is certain, with what it does."""
        if row.person is not None and (row.person.id, row.place) in self.held:
            return row.as_(RowOutcome.ALREADY_HELD)
        is_waiting = row.invitee is not None and (row.invitee.email, row.place) in self.waiting
        return row.as_(RowOutcome.WAITING if is_waiting else RowOutcome.OFFERED)

    def _cohort(self, sheet: Sheet, line: Line, role: Role | None, reasons: list[Reason]) -> int | None:
        typed, heading = line.cells.get(Column.COHORT, ""), sheet.heading(Column.COHORT)
        if not typed:
            return None
        if role is not Role.TRAINER:
            reasons.append(Reason("cohort_for_trainers", field=heading))
            return None
        return cohort_named(self.cohorts, typed, heading, reasons)
