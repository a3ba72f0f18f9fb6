"""Cohorts, applications and enrolments."""

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import func, text
from sqlalchemy import select as columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.access import Actor, Permission, Role, scoped
from app.audit import Part, viewed
from app.cohorts.models import Application, Cohort, Enrolment, EnrolmentMove, EnrolmentState
from app.cohorts.rules import LEFT, SEATED, admission_reasons, late_join_limit, move_reasons
from app.cohorts.schemas import (
    ApplicationShown,
    ApplyCommand,
    CapacityCommand,
    CohortRef,
    CohortRow,
    EnrolmentRef,
    MoveCommand,
    MoveShown,
    NewCohort,
    StaffCommand,
)
from app.curricula.library import default_library
from app.curricula.models import PublishedCurriculum
from app.db import Session, act_for, now
from app.errors import Conflict, Invalid, NotFound, Reason
from app.network.models import College, Project
from app.network.schemas import CollegeShown
from app.people.models import Person, RoleHeld
from app.people.service import end_role, hold
from app.text import fold, local, today

STAFF = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR, Role.REGISTRAR})
"""Roles of a college whose holders may be given a cohort to train."""

# Cohorts ----------------------------------------------------------------------------------------


def open_cohort(session: Session, actor: Actor, college: CollegeShown, command: NewCohort) -> CohortRef:
    """A cohort pinned to a published version (BR-01); the actor manages cohorts in that college."""
    manages = scoped(actor, college=College.id)
    if session.exec(select(College.id).where(College.id == college.id, manages)).first() is None:
        raise NotFound
    published = session.get(PublishedCurriculum, (command.curriculum_slug, command.curriculum_version))
    if published is None:
        raise Invalid("curriculum_not_published", Reason("curriculum_not_published", field="curriculum_version"))
    if session.get(Project, command.project_id) is None:
        raise Invalid("invalid", Reason("unknown_project", field="project_id"))
    curriculum = default_library().curriculum(command.curriculum_slug, command.curriculum_version)
    ends_on = command.ends_on or command.starts_on + timedelta(weeks=curriculum.weeks)
    if ends_on <= command.starts_on:
        raise Invalid("invalid", Reason("ends_before_start", field="ends_on"))
    taken = select(Cohort.id).where(Cohort.college_id == college.id, Cohort.code == command.code)
    if session.exec(taken).first() is not None:
        raise Conflict("cohort_code_taken", Reason("cohort_code_taken", {"cohort": command.code}, "code"))
    row = Cohort(
        **command.model_dump(exclude={"ends_on"}),
        ends_on=ends_on,
        college_id=college.id,
        timezone=college.timezone,
        created_at=now(),
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()
    return CohortRef.model_validate(row)


def see_cohort(session: Session, actor: Actor, cohort_id: int) -> CohortRef:
    """A cohort within the actor's reach."""
    within = scoped(actor, college=Cohort.college_id, cohort=Cohort.id)
    row = session.exec(select(Cohort).where(Cohort.id == cohort_id, within)).one_or_none()
    if row is None:
        raise NotFound
    return CohortRef.model_validate(row)


def doors(session: Session, actor: Actor, cohort: CohortRef, *wanted: Permission) -> frozenset[Permission]:
    """Which of these permissions reach the cohort for the actor: what its page may show and offer."""
    marks = [
        scoped(actor.using(p), college=Cohort.college_id, cohort=Cohort.id).label(f"door_{n}")
        for n, p in enumerate(wanted)
    ]
    found = session.execute(columns(*marks).where(col(Cohort.id) == cohort.id)).one()
    return frozenset(p for p, is_open in zip(wanted, found, strict=True) if is_open)


def see_open_cohort(session: Session, cohort_id: int) -> CohortRef:
    """A cohort of any college that takes applications: a door between colleges, listed as such."""
    takes = col(Cohort.applications_open) & (col(Cohort.ends_on) > today())
    row = session.exec(select(Cohort).where(Cohort.id == cohort_id, takes)).one_or_none()
    if row is None:
        raise NotFound
    return CohortRef.model_validate(row)


_ROWS = """
    select c.id, c.code, c.title, g.name as college, c.curriculum_slug, c.curriculum_version, c.region_code, c.phase,
           c.starts_on, c.ends_on, c.capacity, c.applications_open,
           (select count(*) from enrolment e where e.cohort_id = c.id
             and e.state in ('admitted', 'active', 'on_leave', 'completed', 'incomplete')) as seated
      from cohort c join college g on g.id = c.college_id
"""


def cohorts(session: Session, actor: Actor, *, search: str = "") -> list[CohortRow]:
    """Cohorts within reach, newest first; ``search`` ignores accents and case."""
    within = scoped(actor, college=Cohort.college_id, cohort=Cohort.id)
    ids = list(session.exec(select(Cohort.id).where(within)).all())
    found = session.execute(
        text(_ROWS + " where c.id = any(:ids) order by c.starts_on desc, c.code"), {"ids": ids}
    ).mappings()
    rows = [CohortRow.model_validate(dict(r)) for r in found]
    wanted = fold(search).split()
    return [r for r in rows if all(word in fold(f"{r.code} {r.title} {r.college}") for word in wanted)]


def set_applications(session: Session, cohort: CohortRef, *, is_open: bool) -> CohortRef:
    """Open or close a cohort to applications."""
    row = session.get_one(Cohort, cohort.id)
    row.applications_open = is_open
    session.add(row)
    session.flush()
    return CohortRef.model_validate(row)


def set_capacity(session: Session, cohort: CohortRef, command: CapacityCommand) -> CohortRef:
    """Give the cohort more seats, or fewer, but never fewer than are taken."""
    row = session.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    seated = _seated(session, cohort.id)
    if command.capacity < seated:
        raise Conflict("seats_taken", Reason("seats_taken", {"seated": seated}, "capacity"))
    row.capacity = command.capacity
    session.add(row)
    session.flush()
    return CohortRef.model_validate(row)


def _seated(session: Session, cohort_id: int | None) -> int:
    statement = select(func.count()).where(Enrolment.cohort_id == cohort_id, col(Enrolment.state).in_(SEATED))
    return session.exec(statement).one()


def add_staff(session: Session, actor: Actor, cohort: CohortRef, command: StaffCommand) -> None:
    """Make someone who already works in the college (participants do not) a trainer of the cohort."""
    known = select(RoleHeld.id).where(
        RoleHeld.person_id == command.person_id,
        RoleHeld.college_id == cohort.college_id,
        col(RoleHeld.role).in_(STAFF),
        col(RoleHeld.ended_at).is_(None),
    )
    if session.exec(known).first() is None:
        raise Invalid("invalid", Reason("unknown_person", field="person_id"))
    hold(
        session,
        command.person_id,
        Role(command.role),
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        granted_by=actor.person_id,
    )


# Applications and enrolments --------------------------------------------------------------------


def apply(session: Session, actor: Actor, cohort: CohortRef, command: ApplyCommand) -> EnrolmentRef:
    """Apply for oneself; the transaction enters the cohort's college for this write alone."""
    act_for(session, colleges=actor.colleges | {cohort.college_id}, person=actor.person_id)
    mine = select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == actor.person_id)
    if session.exec(mine).first() is not None:
        raise Conflict("already_applied")
    row = Enrolment(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        person_id=actor.person_id,
        curriculum_slug=cohort.curriculum_slug,
        curriculum_version=cohort.curriculum_version,
        state=EnrolmentState.APPLIED,
        employer=command.employer,
    )
    session.add(row)
    session.flush()
    enrolment_id = row.id or 0
    session.add(
        Application(college_id=cohort.college_id, enrolment_id=enrolment_id, received_at=now(), **command.model_dump())
    )
    _record_move(session, actor, row, None, why=None)
    hold(session, actor.person_id, Role.PARTICIPANT, college_id=cohort.college_id)
    return _refs(session, Enrolment.id == enrolment_id)[0]


def applications(session: Session, cohort: CohortRef) -> list[ApplicationShown]:
    """Applications of a cohort, oldest first, whatever became of them."""
    statement = (
        select(Application, Enrolment.state, Person)
        .join(Enrolment, col(Enrolment.id) == Application.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(Enrolment.cohort_id == cohort.id)
        .order_by(col(Application.received_at), col(Application.id))
    )
    found = session.exec(statement).all()
    viewed(session, [(p.id or 0, a.college_id) for a, _, p in found], Part.APPLICATION)
    return [
        ApplicationShown(**a.model_dump(exclude={"id", "college_id"}), name=p.name, state=state)
        for a, state, p in found
    ]


def states_in(session: Session, cohort: CohortRef) -> Counter[EnrolmentState]:
    """How many enrolments of a cohort are in each state."""
    statement = columns(col(Enrolment.state), func.count()).where(col(Enrolment.cohort_id) == cohort.id)
    return Counter(dict(session.execute(statement.group_by(col(Enrolment.state))).all()))


def see_enrolment(session: Session, actor: Actor, enrolment_id: int) -> EnrolmentRef:
    """An enrolment within the actor's reach."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    found = _refs(session, Enrolment.id == enrolment_id, within)
    if not found:
        raise NotFound
    viewed(session, [(found[0].person_id, found[0].college_id)])
    return found[0]


def enrolments_of(session: Session, person_id: int) -> list[EnrolmentRef]:
    """Someone's enrolments, newest cohort first (one's own: read through one's own roles)."""
    return _refs(session, Enrolment.person_id == person_id)


def enrolments_in(session: Session, cohort: CohortRef) -> list[EnrolmentRef]:
    """Everyone of a cohort, by name."""
    return sorted(_refs(session, Enrolment.cohort_id == cohort.id), key=lambda e: fold(e.name))


def _refs(session: Session, *where: object) -> list[EnrolmentRef]:
    statement = (
        select(Enrolment, Person, Cohort)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(Cohort.starts_on).desc(), col(Enrolment.id))
    )
    return [
        EnrolmentRef(
            **e.model_dump(exclude={"employer"}),
            name=p.name,
            cohort_title=c.title,
            timezone=c.timezone,
            grace_hours=c.grace_hours,
        )
        for e, p, c in session.exec(statement).all()
    ]


def move(session: Session, actor: Actor, enrolment: EnrolmentRef, command: MoveCommand) -> EnrolmentRef:
    """Change an enrolment's state: who, when, why (BR-04). The cohort's row is locked for the last seat."""
    cohort = session.exec(select(Cohort).where(Cohort.id == enrolment.cohort_id).with_for_update(key_share=True)).one()
    row = session.exec(select(Enrolment).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)).one()
    session.refresh(row)
    reasons = move_reasons(row.state, command.to, command.reason)
    if not reasons and command.to is EnrolmentState.ADMITTED:
        reasons = _admission(session, cohort, command)
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    _check_one_path(session, row, command.to)
    before = row.state
    _change_state(session, row, command.to)
    if command.to is EnrolmentState.ACTIVE and row.joined_on is None:
        row.joined_on = max(cohort.starts_on, command.joined_on or today(cohort.timezone))
    _record_move(session, actor, row, before, why=command.reason)
    if command.to in LEFT:
        end_role(session, row.person_id, Role.PARTICIPANT, cohort_id=row.cohort_id)
    if command.to is EnrolmentState.ADMITTED:
        hold(
            session,
            row.person_id,
            Role.PARTICIPANT,
            college_id=row.college_id,
            cohort_id=row.cohort_id,
            granted_by=actor.person_id,
        )
    session.flush()
    return _refs(session, Enrolment.id == enrolment.id)[0]


def _admission(session: Session, cohort: Cohort, command: MoveCommand) -> list[Reason]:
    joins_on = max(cohort.starts_on, command.joined_on or today(cohort.timezone))
    limit = late_join_limit(cohort.starts_on, cohort.ends_on, cohort.late_join_pct)
    return admission_reasons(
        seated=_seated(session, cohort.id),
        capacity=cohort.capacity,
        joins_on=joins_on,
        limit=limit,
        exception=command.reason,
    )


def _change_state(session: Session, row: Enrolment, to: EnrolmentState) -> None:
    """Write the state; the unique index says no when the person follows the path in another college (BR-05)."""
    try:
        with session.begin_nested():
            row.state = to
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise Conflict("already_enrolled") from error


def _check_one_path(session: Session, row: Enrolment, to: EnrolmentState) -> None:
    """BR-05 within sight, said before anything is written."""
    running = (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE)
    if to not in running:
        return
    other = select(Enrolment.id).where(
        Enrolment.person_id == row.person_id,
        Enrolment.curriculum_slug == row.curriculum_slug,
        col(Enrolment.state).in_(running),
        Enrolment.id != row.id,
    )
    if session.exec(other).first() is not None:
        raise Conflict("already_enrolled")


def _record_move(
    session: Session, actor: Actor, row: Enrolment, before: EnrolmentState | None, *, why: str | None
) -> None:
    session.add(
        EnrolmentMove(
            college_id=row.college_id,
            enrolment_id=row.id or 0,
            from_state=before,
            to_state=row.state,
            moved_at=now(),
            moved_by=actor.person_id,
            reason=why,
        )
    )
    session.flush()


def moves(session: Session, enrolment: EnrolmentRef) -> list[MoveShown]:
    """An enrolment's history, oldest first."""
    statement = (
        select(EnrolmentMove, Person)
        .join(Person, col(Person.id) == EnrolmentMove.moved_by)
        .where(EnrolmentMove.enrolment_id == enrolment.id)
        .order_by(col(EnrolmentMove.id))
    )
    return [
        MoveShown(from_state=m.from_state, to_state=m.to_state, moved_at=m.moved_at, by=p.name, reason=m.reason)
        for m, p in session.exec(statement).all()
    ]


def start(session: Session, actor: Actor, cohort: CohortRef, *, on: date | None = None) -> int:
    """Make everyone admitted active; returns how many.

    Each joined ``on`` that day, else on the cohort's first day or on the day of their admission when it
    came later, so that a late arrival's attendance begins when they did (S2).
    """
    statement = (
        columns(col(EnrolmentMove.enrolment_id), func.max(EnrolmentMove.moved_at))
        .join(Enrolment, col(Enrolment.id) == EnrolmentMove.enrolment_id)
        .where(
            col(Enrolment.cohort_id) == cohort.id,
            col(Enrolment.state) == EnrolmentState.ADMITTED,
            col(EnrolmentMove.to_state) == EnrolmentState.ADMITTED,
        )
        .group_by(col(EnrolmentMove.enrolment_id))
    )
    admitted = {id_: local(at, cohort.timezone).date() for id_, at in session.execute(statement)}
    for enrolment in _refs(session, col(Enrolment.id).in_(admitted)):
        command = MoveCommand(to=EnrolmentState.ACTIVE, joined_on=on or admitted[enrolment.id])
        move(session, actor, enrolment, command)
    return len(admitted)
