"""Bringing a list of people into a cohort: what each row would do, then the invitations, all rows or none.

Nothing is kept between the preview and its confirmation: the list travels in the page, and is checked again from its
text when it is confirmed (decision 32).
"""

from sqlalchemy import text

from app.cohorts.imports.enums import RowOutcome
from app.cohorts.imports.rules import UNSETTLED, Answers, CheckedPerson, Here, KnownPerson, check_people
from app.cohorts.imports.schemas import (
    AddedPeople,
    AddedPerson,
    PeoplePreview,
    PeopleToAdd,
    PossiblePerson,
    RowProblem,
)
from app.cohorts.schemas import CohortRef, StaffCommand
from app.cohorts.service import add_staff, require_not_ended
from app.identity.imports.records import Problem
from app.identity.imports.rules import FIELDS, KnownName, addresses
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.service import invite_to
from app.network.colleges.service import require_open
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.errors import Invalid, Reason
from app.platform.security.actor import Actor

_PEOPLE = text(
    """
    select p.id, coalesce(p.legal_first_name, '') as first, p.legal_last_name as last,
           coalesce(p.chosen_name, '') as chosen, a.email,
           exists (select from enrolment e
                    where e.person_id = p.id and e.cohort_id = :cohort and e.college_id = :college) as applied,
           exists (select from role_held r where r.person_id = p.id and r.college_id = :college and r.ended_at is null
                      and r.role in ('trainer', 'facilitator', 'coordinator', 'registrar')) as is_staff,
           exists (select from role_held r where r.person_id = p.id and r.college_id = :college and r.ended_at is null
                      and r.role = 'trainer' and r.cohort_id = :cohort) as trains
      from person p left join account a on a.person_id = p.id
     where p.id in (select r.person_id from role_held r where r.college_id = :college and r.ended_at is null
                    union select e.person_id from enrolment e where e.college_id = :college)
     order by p.search_key, p.id
    """
)
"""Everyone of the college: who may be the same person is told by the words of their names, in any order."""
_WAITING = text(
    """
    select i.email from invitation i
     where i.email = any (:emails) and i.college_id = :college and i.cohort_id = :cohort and i.role is null
       and i.used_at is null and i.withdrawn_at is null and i.expires_at > :at
    """
)


def preview(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers) -> PeoplePreview:
    """Return what a list would do, row by row, and all there is to correct in it."""
    rows = check_people(sheet, _here(db, actor, cohort, sheet), answers)
    return _shown(sheet, rows, written=False)


def add_people(
    db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers, *, site: str
) -> PeoplePreview:
    """Invite the people of a list, or nobody while something is left to correct or to answer: the result says which.

    Two confirmations at once are serialised, so that nobody is invited twice. Raises ``Conflict``: ``college_closed``,
    ``cohort_closed``, ``cohort_archived``.
    """
    require_open(db, cohort.college_id)
    require_not_ended(cohort)
    lock = text("select pg_advisory_xact_lock(hashtextextended('people of cohort ' || :cohort, 0))")
    db.execute(lock, {"cohort": str(cohort.id)})
    rows = check_people(sheet, _here(db, actor, cohort, sheet), answers)
    if sheet.problems or any(row.outcome in UNSETTLED for row in rows):
        return _shown(sheet, rows, written=False)
    for row in rows:
        if row.outcome is RowOutcome.INVITED and row.invitee is not None:
            place = Place(None, cohort.college_id, cohort.id)
            invite_to(db, row.invitee, [place], letter_from=site, invited_by=actor.person_id)
        elif row.outcome is RowOutcome.TRAINS and row.person is not None:
            add_staff(db, actor, cohort, StaffCommand(person_id=row.person.id))
    return _shown(sheet, rows, written=True)


def add_people_of_program(
    db: Session, actor: Actor, cohort: CohortRef, command: PeopleToAdd, *, site: str
) -> AddedPeople:
    """Invite the people of a program's list, or say what a dry run would do; raise ``Invalid`` with every reason."""
    lines = tuple(
        Line(row, {column: str(getattr(one, name) or "") for name, column in {**FIELDS, "role": Column.ROLE}.items()})
        for row, one in enumerate(command.people, 1)
    )
    sheet = Sheet(lines, {column: name for name, column in FIELDS.items()} | {Column.ROLE: "role"})
    if command.dry_run:
        shown = preview(db, actor, cohort, sheet, command.answers)
    else:
        shown = add_people(db, actor, cohort, sheet, command.answers, site=site)
        asked = [
            Reason(
                "import_same_name", {"name": ", ".join(c.name for c in row.candidates)}, f"people.{row.row - 1}.email"
            )
            for row in shown.rows
            if row.outcome is RowOutcome.ASKED
        ]
        wrong = [Reason(p.reason.code, p.reason.params, f"people.{p.row - 1}.{p.reason.field}") for p in shown.problems]
        if wrong or asked:
            raise Invalid("invalid", *wrong, *asked)
    return AddedPeople(written=shown.written, people=shown.rows)


def _here(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet) -> Here:
    """Return who of the cohort's college a list may be about; the actor's reach ends there."""
    allow(db, Right.INVITATIONS)
    place = {"college": cohort.college_id, "cohort": cohort.id}
    people = tuple(
        KnownPerson(
            id=p.id,
            name=KnownName(p.first, p.last, p.chosen, has_account=p.email is not None),
            email=p.email,
            applied=p.applied,
            is_staff=p.is_staff,
            trains=p.trains,
        )
        for p in db.execute(_PEOPLE, place)
    )
    own = {p.email for p in people if p.email is not None}
    values = {**place, "emails": sorted(addresses(sheet) | own), "at": now()}
    return Here(people, frozenset(db.execute(_WAITING, values).scalars()), actor.person_id)


def _shown(sheet: Sheet, rows: tuple[CheckedPerson, ...], *, written: bool) -> PeoplePreview:
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
                candidates=tuple(PossiblePerson(id=c.id, name=c.name.shown) for c in row.candidates),
            )
            for row in rows
        ),
        problems=tuple(RowProblem(row=problem.row, reason=problem.reason) for problem in problems),
        columns=sheet.columns,
        written=written,
    )
