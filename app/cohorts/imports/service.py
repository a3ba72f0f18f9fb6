"""Bringing a list of people into a cohort: what each row would do, then the invitations, all rows or none.

Nothing is kept between the preview and its confirmation: the list travels in the page, and is checked again from its
text when it is confirmed (decision 32).
"""

from collections.abc import Sequence

from sqlalchemy import text

from app.cohorts.imports.rules import ForCohort
from app.cohorts.imports.schemas import PeopleToAdd
from app.cohorts.schemas import CohortRef, StaffCommand
from app.cohorts.service import add_staff, require_not_ended
from app.identity.imports.enums import UNSETTLED, RowOutcome
from app.identity.imports.people import Answers, CheckedPerson
from app.identity.imports.schemas import AddedPeople, PeoplePreview, answers_of, preview_of, sheet_of
from app.identity.imports.service import HOLDS_A_ROLE, addresses_of, checked_people, known_people, listed_people
from app.identity.imports.sheet import Sheet
from app.identity.invitations.service import invite_to
from app.network.colleges.service import require_open
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.security.actor import Actor

_PEOPLE = listed_people(
    f"{HOLDS_A_ROLE} or exists (select from enrolment e where e.person_id = p.id and e.college_id = :college)"
)
_APPLIED = text("select person_id from enrolment where cohort_id = :cohort and person_id = any (:people)")
_STAFF = text(
    """
    select person_id, bool_or(role = 'trainer' and cohort_id is not distinct from :cohort) as trains from role_held
     where college_id = :college and ended_at is null and person_id = any (:people)
       and role in ('trainer', 'facilitator', 'coordinator', 'registrar')
     group by person_id
    """
)
_WAITING = text(
    """
    select i.email from invitation i
     where i.email = any (:emails) and i.college_id = :college and i.cohort_id = :cohort and i.role is null
       and i.used_at is null and i.withdrawn_at is null and i.expires_at > :at
    """
)


def preview(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers) -> PeoplePreview:
    """Return what a list would do, row by row, and all there is to correct in it."""
    return preview_of(sheet, _check(db, actor, cohort, sheet, answers), answers, written=False)


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
        return preview_of(sheet, rows, answers, written=False)
    for row in rows:
        if row.outcome is RowOutcome.INVITED and row.invitee is not None and row.place is not None:
            invite_to(db, row.invitee, [row.place], letter_from=site, invited_by=actor.person_id)
        elif row.outcome is RowOutcome.TRAINS and row.person is not None:
            add_staff(db, actor, cohort, StaffCommand(person_id=row.person.id))
    return preview_of(sheet, rows, answers, written=True)


def add_people_of_program(
    db: Session, actor: Actor, cohort: CohortRef, command: PeopleToAdd, *, site: str
) -> AddedPeople:
    """Invite the people of a program's list, or say what a dry run would do; raise ``Invalid`` with every reason."""
    sheet, answers = sheet_of(command.people), answers_of(command.people)
    if command.dry_run:
        shown = preview(db, actor, cohort, sheet, answers)
    else:
        shown = add_people(db, actor, cohort, sheet, answers, site=site)
        shown.require_settled()
    return AddedPeople(written=shown.written, people=shown.rows)


def _check(db: Session, actor: Actor, cohort: CohortRef, sheet: Sheet, answers: Answers) -> Sequence[CheckedPerson]:
    """Return what each row does, compared with the people of the cohort's college."""
    allow(db, Right.INVITATIONS)
    known = known_people(db, actor, cohort.college_id, sheet, _PEOPLE)
    values = {
        "college": cohort.college_id,
        "cohort": cohort.id,
        "people": [person.id for person in known.people],
        "emails": addresses_of(sheet, known),
        "at": now(),
    }
    staff = {row.person_id: row.trains for row in db.execute(_STAFF, values)}
    purpose = ForCohort(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        names=(cohort.code, cohort.title),
        applied=frozenset(db.execute(_APPLIED, values).scalars()),
        staff=frozenset(staff),
        trains=frozenset(person_id for person_id, trains in staff.items() if trains),
        waiting=frozenset(db.execute(_WAITING, values).scalars()),
    )
    return checked_people(db, sheet, known, answers, purpose)
