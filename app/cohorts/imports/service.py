"""Bringing a list of people into a cohort: what each row would do, then the invitations, all rows or none.

Nothing is kept between the preview and its confirmation: the list travels in the page, and is checked again from its
text when it is confirmed (decision 32).
"""

from sqlalchemy import text

from app.cohorts.imports.enums import RowOutcome
from app.cohorts.imports.rules import UNSETTLED, Answers, CheckedPerson, Here, KnownPerson, check_people, words_of
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
from app.identity.imports.rules import FIELDS, addresses
from app.identity.imports.sheet import Column, Line, Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.service import invite_to
from app.network.colleges.service import require_open
from app.people.models import SHOWN_NAME_SQL
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.database.word_index import LONGEST
from app.platform.errors import Invalid, Reason
from app.platform.security.actor import Actor

_PEOPLE = text(
    f"""
    select p.id, {SHOWN_NAME_SQL} as name, a.email,
           exists (select from enrolment e
                    where e.person_id = p.id and e.cohort_id = :cohort and e.college_id = :college) as applied,
           exists (select from role_held r where r.person_id = p.id and r.college_id = :college and r.ended_at is null
                      and r.role in ('trainer', 'facilitator', 'coordinator', 'registrar')) as is_staff,
           exists (select from role_held r where r.person_id = p.id and r.college_id = :college and r.ended_at is null
                      and r.role = 'trainer' and r.cohort_id = :cohort) as trains
      from person p left join account a on a.person_id = p.id
     where p.id in (select of_address.person_id from account of_address where of_address.email = any (:emails)
                    union select w.person_id from person_word w where w.college_id = :college and w.part = any (:words))
       and (exists (select from role_held r
                     where r.person_id = p.id and r.college_id = :college and r.ended_at is null)
            or exists (select from enrolment e where e.person_id = p.id and e.college_id = :college))
     order by p.search_key, p.id
    """  # noqa: S608 - our own constant
)
"""Those of the college who have an address of the list, or a word of a name: the rules compare the whole names."""
_WAITING = text(
    """
    select i.email from invitation i
     where i.email = any (:emails) and i.college_id = :college and i.cohort_id = :cohort and i.role is null
       and i.used_at is null and i.withdrawn_at is null and i.expires_at > :at
    """
)


def preview(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers) -> PeoplePreview:
    """Return what a list would do, row by row, and all there is to correct in it."""
    return _shown(sheet, _check(db, actor, cohort, sheet, answers), written=False)


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
    rows = _check(db, actor, cohort, sheet, answers)
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
    listed = {"emails": sorted(addresses(sheet)), "words": sorted(word[:LONGEST] for word in words_of(sheet))}
    people = tuple(KnownPerson(**p._mapping) for p in db.execute(_PEOPLE, place | listed))
    own = {p.email for p in people if p.email is not None}
    values = {**place, "emails": sorted(addresses(sheet) | own), "at": now()}
    return Here(people, frozenset(db.execute(_WAITING, values).scalars()), actor.person_id)


def _check(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers) -> tuple[CheckedPerson, ...]:
    """Return what each row does, and log whom of the college it showed the actor."""
    rows = check_people(sheet, _here(db, actor, cohort, sheet), answers)
    shown = {person.id for row in rows for person in (row.person, *row.candidates) if person is not None}
    log_access(db, [(person_id, cohort.college_id) for person_id in shown], Part.NAME)
    return rows


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
                candidates=tuple(PossiblePerson(id=c.id, name=c.name) for c in row.candidates),
            )
            for row in rows
        ),
        problems=tuple(RowProblem(row=problem.row, reason=problem.reason) for problem in problems),
        columns=sheet.columns,
        written=written,
    )
