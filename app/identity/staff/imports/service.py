"""Bringing a list of staff into a college: what each row would do, then the invitations, all rows or none.

Each row is held to what a single invitation is (``invitations.service.invite``): the roles that the actor may give,
never one's own address, a college that is open. A registrar's role waits for a second administrator, and its holder for
their second factor, as they do after any invitation.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import text

from app.identity.imports.enums import UNSETTLED, RowOutcome
from app.identity.imports.people import Answers, CheckedPerson
from app.identity.imports.schemas import AddedPeople, PeoplePreview, answers_of, preview_of, sheet_of
from app.identity.imports.service import addresses_of, checked_people, known_people, listed_people
from app.identity.imports.sheet import Column, Sheet
from app.identity.invitations.rules import Place
from app.identity.invitations.schemas import Invitee
from app.identity.invitations.service import cohorts_to_train, grantable_roles, invite_to
from app.identity.staff.imports.rules import ForStaff
from app.identity.staff.imports.schemas import StaffListToInvite
from app.network.colleges.service import require_open
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role

_PEOPLE = listed_people()
_HELD = text(
    """
    select person_id, role, cohort_id from role_held
     where college_id = :college and person_id = any (:people) and ended_at is null and group_id is null
    """
)
_WAITING = text(
    """
    select email, role, cohort_id from invitation
     where college_id = :college and email = any (:emails) and role is not null
       and used_at is null and withdrawn_at is null and expires_at > :at
    """
)


def preview(db: Session, actor: Actor, college: CollegeShown, sheet: Sheet, answers: Answers) -> PeoplePreview:
    """Return what a list would do, row by row, and all there is to correct in it."""
    return preview_of(sheet, _check(db, actor, college, sheet, answers), answers, written=False)


def invite_staff(
    db: Session, actor: Actor, college: CollegeShown, sheet: Sheet, answers: Answers, *, site: str
) -> PeoplePreview:
    """Invite the people of a list, or nobody while something is left to correct or to answer: the result says which.

    One letter to each person, with all their roles. Two confirmations at once are serialised, so that nobody is invited
    twice. Raises ``Conflict("college_closed")``.
    """
    require_open(db, college.id)
    lock = text("select pg_advisory_xact_lock(hashtextextended('staff of college ' || :college, 0))")
    db.execute(lock, {"college": str(college.id)})
    rows = _check(db, actor, college, sheet, answers)
    if sheet.problems or any(row.outcome in UNSETTLED for row in rows):
        return preview_of(sheet, rows, answers, written=False)
    invitees: dict[str, Invitee] = {}
    places: dict[str, list[Place]] = defaultdict(list)
    for row in rows:
        if row.outcome is RowOutcome.OFFERED and row.invitee is not None and row.place is not None:
            invitees.setdefault(row.invitee.email, row.invitee)
            places[row.invitee.email].append(row.place)
    for email, invitee in invitees.items():
        invite_to(db, invitee, places[email], letter_from=site, invited_by=actor.person_id)
    return preview_of(sheet, rows, answers, written=True)


def invite_staff_of_program(
    db: Session, actor: Actor, college: CollegeShown, command: StaffListToInvite, *, site: str
) -> AddedPeople:
    """Invite the people of a program's list, or say what a dry run would do; raise ``Invalid`` with every reason."""
    sheet, answers = sheet_of(command.people, cohort=Column.COHORT), answers_of(command.people)
    if command.dry_run:
        shown = preview(db, actor, college, sheet, answers)
    else:
        shown = invite_staff(db, actor, college, sheet, answers, site=site)
        shown.require_settled()
    return AddedPeople(written=shown.written, people=shown.rows)


def _check(db: Session, actor: Actor, college: CollegeShown, sheet: Sheet, answers: Answers) -> Sequence[CheckedPerson]:
    """Return what each row does, compared with who holds a role in the college."""
    allow(db, Right.INVITATIONS)
    known = known_people(db, actor, college.id, sheet, _PEOPLE)
    values = {
        "college": college.id,
        "people": [person.id for person in known.people],
        "emails": addresses_of(sheet, known),
        "at": now(),
    }
    purpose = ForStaff(
        college_id=college.id,
        names=(college.slug, college.name),
        grantable=grantable_roles(actor, college.id),
        cohorts={cohort.code: cohort.id for cohort in cohorts_to_train(db, college)},
        held=frozenset(
            (row.person_id, Place(Role(row.role), college.id, row.cohort_id)) for row in db.execute(_HELD, values)
        ),
        waiting=frozenset(
            (row.email, Place(Role(row.role), college.id, row.cohort_id)) for row in db.execute(_WAITING, values)
        ),
    )
    return checked_people(db, sheet, known, answers, purpose)
