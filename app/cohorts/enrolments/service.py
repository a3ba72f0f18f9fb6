"""Applications, enrolments and the changes of their state."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.cohorts.enrolments.notices import tell_move
from app.cohorts.enrolments.schemas import (
    ApplicationPage,
    ApplicationShown,
    ApplicationsQuery,
    ApplyCommand,
    EnrolmentRef,
    MoveCommand,
    Moved,
    MoveShown,
)
from app.cohorts.enums import ApplicationSort, EnrolmentState
from app.cohorts.models import Application, Cohort, Enrolment, EnrolmentMove, EnrolmentProposal
from app.cohorts.proposals.schemas import DecideMove, EnrolmentProposalRef
from app.cohorts.proposals.service import is_certified, is_eligible, propose
from app.cohorts.rules import (
    LEFT,
    SEATED,
    admission_reasons,
    cohort_reasons,
    late_join_limit,
    move_reasons,
    takes_two,
)
from app.cohorts.schemas import CohortRef
from app.identity.roles.service import grant_role, groups_of, revoke_role
from app.network.colleges.service import require_open
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, contains_words, fetch_after, fetch_page
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.messages.i18n import local, today
from app.platform.paging import PAGE_SIZE, Page
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import second_person
from app.platform.security.permissions import Role


def apply(db: Session, actor: Actor, cohort: CohortRef, command: ApplyCommand) -> EnrolmentRef:
    """Apply for oneself; the transaction reaches the cohort's college for this write alone.

    Raises ``Conflict``: ``college_closed``, ``already_applied``.
    """
    set_actor(db, colleges=actor.colleges | {cohort.college_id}, person=actor.person_id)
    own_enrolment = select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == actor.person_id)
    if db.exec(own_enrolment).first() is not None:
        raise Conflict("already_applied")
    require_open(db, cohort.college_id)
    row = Enrolment(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        person_id=actor.person_id,
        curriculum_slug=cohort.curriculum_slug,
        curriculum_version=cohort.curriculum_version,
        state=EnrolmentState.APPLIED,
        employer=command.employer,
    )
    db.add(row)
    db.flush()
    enrolment_id = row.id
    db.add(
        Application(college_id=cohort.college_id, enrolment_id=enrolment_id, received_at=now(), **command.model_dump())
    )
    _record_move(db, actor, row, None, reason=None)
    grant_role(db, actor.person_id, Role.PARTICIPANT, college_id=cohort.college_id)
    return _refs(db, Enrolment.id == enrolment_id)[0]


TO_ANSWER = frozenset({EnrolmentState.APPLIED, EnrolmentState.ADMITTED})
AT_ONCE = 50
"""The oldest applications that wait which a page shows: the next ones come as these are answered."""

_RECEIVED = (col(Application.received_at),)
ORDERS: Orders = {ApplicationSort.RECEIVED: _RECEIVED, ApplicationSort.NAME: (col(Person.search_key),)}


def applications(
    db: Session, cohort: CohortRef, *, after: int | None = None, limit: int = PAGE_SIZE
) -> ApplicationPage:
    """Return the applications to a cohort, oldest first, in whatever state, ``limit`` at a time."""
    rows, next_ = fetch_after(db, _applications(cohort), _RECEIVED, col(Enrolment.id), after=after, limit=limit)
    return ApplicationPage(items=_read(db, cohort, rows), next=next_)


def applications_in(db: Session, cohort: CohortRef, state: EnrolmentState, limit: int) -> tuple[ApplicationShown, ...]:
    """Return the oldest applications in a state."""
    statement = _applications(cohort).where(col(Enrolment.state) == state).order_by(*_RECEIVED, col(Enrolment.id))
    return _read(db, cohort, db.execute(statement.limit(limit)).all())


def list_answered(db: Session, cohort: CohortRef, query: ApplicationsQuery) -> Page[ApplicationShown]:
    """Return a page of the applications that were answered and ask for nothing more."""
    states = [query.etat] if query.etat else [state for state in EnrolmentState if state not in TO_ANSWER]
    statement = _applications(cohort).where(
        col(Enrolment.state).in_(states),
        col(Enrolment.state).not_in(TO_ANSWER),
        *contains_words(col(Person.search_key), query.words),
    )
    page = fetch_page(db, statement, query, ORDERS, col(Enrolment.id))
    return replace(page, items=_read(db, cohort, page.items))


def _applications(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.person_id),
            shown_name().label("name"),
            col(Enrolment.state),
            col(Application.motive),
            col(Application.employer),
            col(Application.employer_agrees),
            col(Application.received_at),
        )
        .join(Enrolment, col(Enrolment.id) == Application.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(Enrolment.cohort_id) == cohort.id)
    )


def _read(db: Session, cohort: CohortRef, rows: Sequence[Any]) -> tuple[ApplicationShown, ...]:
    """Return rows as applications, and log that they were read."""
    log_access(db, [(row.person_id, cohort.college_id) for row in rows], Part.APPLICATION)
    return tuple(ApplicationShown.model_validate({"enrolment_id": row.id, **row._mapping}) for row in rows)


def count_by_state(db: Session, cohort: CohortRef) -> Counter[EnrolmentState]:
    """Return how many enrolments of a cohort are in each state."""
    statement = sa.select(col(Enrolment.state), func.count()).where(col(Enrolment.cohort_id) == cohort.id)
    return Counter(dict(db.execute(statement.group_by(col(Enrolment.state))).all()))


def see_enrolment(db: Session, actor: Actor, enrolment_id: int) -> EnrolmentRef:
    """Return an enrolment within the actor's reach and log the access; raise ``NotFound`` otherwise."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    refs = _refs(db, Enrolment.id == enrolment_id, within)
    if not refs:
        raise NotFound
    log_access(db, [(refs[0].person_id, refs[0].college_id)])
    return refs[0]


def enrolments_of(db: Session, person_id: int) -> list[EnrolmentRef]:
    """Return a person's enrolments, newest cohort first (for themself: it checks no reach)."""
    return _refs(db, Enrolment.person_id == person_id)


def enrolments_in(db: Session, cohort: CohortRef) -> list[EnrolmentRef]:
    """Return the enrolments of a cohort, by name."""
    return sorted(_refs(db, Enrolment.cohort_id == cohort.id), key=lambda e: search_key(e.name))


def _refs(db: Session, *where: object) -> list[EnrolmentRef]:
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
        for e, p, c in db.exec(statement).all()
    ]


def move(db: Session, actor: Actor, enrolment: EnrolmentRef, command: MoveCommand) -> Moved:
    """Change an enrolment's state, forward or back, and record the change (BR-04).

    The cohort's row is locked, so that two admissions do not take the same last seat. A person who comes back has their
    roles in the cohort and in the groups they still belong to again, and takes a seat. A change that takes two people
    is only proposed: the result says what awaits the second one.
    """
    cohort = db.get_one(Cohort, enrolment.cohort_id, with_for_update={"key_share": True}, populate_existing=True)
    row = db.exec(select(Enrolment).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)).one()
    db.refresh(row)
    reasons = move_reasons(row.state, command.to, command.reason, begun=row.joined_on is not None)
    reasons = reasons or cohort_reasons(cohort.state, command.to)
    if not reasons and command.to in SEATED and row.state not in SEATED:
        reasons = _admission_reasons(db, cohort, command, comes_back=row.state is not EnrolmentState.APPLIED)
    is_shared = takes_two(row.state, command.to, eligible=is_eligible(db, row.id))
    if is_shared and not reasons:
        reasons = [] if command.reason else [Reason("reason_needed", field="reason")]
        reasons += [Reason("certificate_in_force")] if is_certified(db, row.id) else []
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    if is_shared:
        propose(db, actor, row, command.to, command.reason or "")
        return Moved(**_refs(db, Enrolment.id == row.id)[0].model_dump(), awaiting=command.to)
    _change(db, actor, cohort, row, command, granted_by=actor.person_id)
    return Moved(**_refs(db, Enrolment.id == enrolment.id)[0].model_dump())


def decide_move(db: Session, actor: Actor, ref: EnrolmentProposalRef, command: DecideMove) -> EnrolmentRef:
    """Make the change that another person proposed, or refuse it.

    Raises ``Forbidden("second_person_needed")``, ``Conflict``: ``proposal_decided``, or as :func:`move` when the
    enrolment has changed since.
    """
    if command.accept:
        second_person(actor.person_id, ref.proposed_by)
    enrolment = db.exec(select(Enrolment).where(Enrolment.id == ref.enrolment_id)).one()
    cohort = db.exec(select(Cohort).where(Cohort.id == enrolment.cohort_id).with_for_update(key_share=True)).one()
    row = db.exec(select(Enrolment).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)).one()
    proposal = db.exec(
        select(EnrolmentProposal).where(EnrolmentProposal.id == ref.id).with_for_update(key_share=True)
    ).one()
    db.refresh(row)
    db.refresh(proposal)
    if proposal.decided_at is not None:
        raise Conflict("proposal_decided")
    proposal.decided_at, proposal.decided_by, proposal.accepted = now(), actor.person_id, command.accept
    db.add(proposal)
    if command.accept:
        move_command = MoveCommand(to=proposal.to_state, reason=proposal.reason)
        reasons = move_reasons(row.state, proposal.to_state, proposal.reason, begun=row.joined_on is not None)
        reasons = reasons or cohort_reasons(cohort.state, proposal.to_state)
        if reasons:
            raise Conflict(reasons[0].code, *reasons)
        _change(db, actor, cohort, row, move_command, granted_by=proposal.proposed_by)
    db.flush()
    return _refs(db, Enrolment.id == row.id)[0]


def _change(
    db: Session, actor: Actor, cohort: Cohort, row: Enrolment, command: MoveCommand, *, granted_by: int
) -> None:
    """Change the state of a locked enrolment, with its history and its roles, which ``granted_by`` gives."""
    _check_one_path(db, row, command.to)
    before = row.state
    _change_state(db, row, command.to)
    if command.to is EnrolmentState.ACTIVE and row.joined_on is None:
        row.joined_on = max(cohort.starts_on, command.joined_on or today(cohort.timezone))
    elif command.to is EnrolmentState.ADMITTED:
        row.joined_on = None
    _record_move(db, actor, row, before, reason=command.reason)
    _follow_with_roles(db, row, granted_by)
    db.flush()


def _follow_with_roles(db: Session, row: Enrolment, granted_by: int) -> None:
    """Give the person the roles that their new state gives in the cohort, or take them away."""
    if row.state in LEFT or row.state is EnrolmentState.APPLIED:
        revoke_role(db, row.person_id, Role.PARTICIPANT, cohort_id=row.cohort_id)
    else:
        place = {"college_id": row.college_id, "cohort_id": row.cohort_id}
        grant_role(db, row.person_id, Role.PARTICIPANT, **place, granted_by=granted_by)
        for group_id in groups_of(db, row.person_id, cohort_id=row.cohort_id):
            grant_role(db, row.person_id, Role.PARTICIPANT, **place, group_id=group_id, granted_by=granted_by)


def _admission_reasons(db: Session, cohort: Cohort, command: MoveCommand, *, comes_back: bool) -> list[Reason]:
    joins_on = max(cohort.starts_on, command.joined_on or today(cohort.timezone))
    limit = late_join_limit(cohort.starts_on, cohort.ends_on, cohort.late_join_pct)
    return admission_reasons(
        seated=cohort.seated,
        capacity=cohort.capacity,
        joins_on=joins_on,
        limit=date.max if comes_back else limit,
        exception=command.reason,
    )


def _change_state(db: Session, row: Enrolment, to: EnrolmentState) -> None:
    """Write the state; raise ``Conflict`` when the unique index finds the path followed elsewhere (BR-05)."""
    try:
        with db.begin_nested():
            row.state = to
            db.add(row)
            db.flush()
    except IntegrityError as error:
        raise Conflict("already_enrolled") from error


def _check_one_path(db: Session, row: Enrolment, to: EnrolmentState) -> None:
    """Raise ``Conflict`` when another enrolment that the transaction sees follows the same path (BR-05)."""
    running_states = (EnrolmentState.ADMITTED, EnrolmentState.ACTIVE, EnrolmentState.ON_LEAVE)
    if to not in running_states:
        return
    other_enrolment = select(Enrolment.id).where(
        Enrolment.person_id == row.person_id,
        Enrolment.curriculum_slug == row.curriculum_slug,
        col(Enrolment.state).in_(running_states),
        Enrolment.id != row.id,
    )
    if db.exec(other_enrolment).first() is not None:
        raise Conflict("already_enrolled")


def _record_move(
    db: Session, actor: Actor, row: Enrolment, before: EnrolmentState | None, *, reason: str | None
) -> None:
    move = EnrolmentMove(
        college_id=row.college_id,
        enrolment_id=row.id,
        from_state=before,
        to_state=row.state,
        moved_at=now(),
        moved_by=actor.person_id,
        reason=reason,
    )
    db.add(move)
    db.flush()
    tell_move(db, row, move)


def moves(db: Session, enrolment: EnrolmentRef) -> list[MoveShown]:
    """Return the changes of an enrolment's state, oldest first."""
    statement = (
        select(EnrolmentMove, Person)
        .join(Person, col(Person.id) == EnrolmentMove.moved_by)
        .where(EnrolmentMove.enrolment_id == enrolment.id)
        .order_by(col(EnrolmentMove.id))
    )
    return [
        MoveShown(from_state=m.from_state, to_state=m.to_state, moved_at=m.moved_at, by=p.name, reason=m.reason)
        for m, p in db.exec(statement).all()
    ]


def start(db: Session, actor: Actor, cohort: CohortRef, *, on: date | None = None) -> int:
    """Make every admitted enrolment active and return how many; the actor's own waits for another person.

    ``joined_on`` is ``on``, else the later of the cohort's first day and the day of the admission, so that
    the attendance of a late arrival counts from their own first day (S2).
    """
    statement = (
        sa.select(col(EnrolmentMove.enrolment_id), func.max(EnrolmentMove.moved_at))
        .join(Enrolment, col(Enrolment.id) == EnrolmentMove.enrolment_id)
        .where(
            col(Enrolment.cohort_id) == cohort.id,
            col(Enrolment.state) == EnrolmentState.ADMITTED,
            col(Enrolment.person_id) != actor.person_id,
            col(EnrolmentMove.to_state) == EnrolmentState.ADMITTED,
        )
        .group_by(col(EnrolmentMove.enrolment_id))
    )
    admitted = {id_: local(at, cohort.timezone).date() for id_, at in db.execute(statement)}
    for enrolment in _refs(db, col(Enrolment.id).in_(admitted)):
        command = MoveCommand(to=EnrolmentState.ACTIVE, joined_on=on or admitted[enrolment.id])
        move(db, actor, enrolment, command)
    return len(admitted)
