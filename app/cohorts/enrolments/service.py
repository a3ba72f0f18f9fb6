"""Applications, enrolments and the changes of their state."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.cohorts.conditions.service import who_meets
from app.cohorts.enrolments.history import record_move
from app.cohorts.enrolments.schemas import (
    ApplyCommand,
    EnrolmentRef,
    MoveCommand,
    Moved,
)
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Application, Cohort, Enrolment, EnrolmentMove, EnrolmentProposal
from app.cohorts.proposals.schemas import DecideMove, EnrolmentProposalRef
from app.cohorts.proposals.service import is_certified, is_eligible, is_under_review, propose
from app.cohorts.rules import (
    LEFT,
    PENDING,
    SEATED,
    admission_exceptions,
    admission_reasons,
    apply_reasons,
    cohort_reasons,
    condition_exceptions,
    failing_reasons,
    last_day_to_join,
    move_reasons,
    takes_two,
)
from app.cohorts.schemas import CohortRef
from app.cohorts.service import in_offer
from app.cohorts.waitlist.filling import FILL
from app.cohorts.waitlist.offers import end_offer
from app.cohorts.waitlist.order import waiting_ids
from app.identity.roles.service import grant_role, groups_of, revoke_role
from app.network.colleges.service import require_open
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.jobs.queue import enqueue
from app.platform.messages.i18n import local, today
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import second_person
from app.platform.security.permissions import Permission, Role


def apply(db: Session, actor: Actor, cohort: CohortRef, command: ApplyCommand) -> EnrolmentRef:
    """Apply for oneself; the transaction reaches the cohort's college for this write alone.

    Who was refused, declined or withdrew before they began applies again: the former application and the history stay.

    The cohort's row is locked and looked at again, so that it does not close meanwhile with an application unanswered.

    Raises ``Conflict``: ``college_closed``, ``already_applied``, ``had_begun``; ``NotFound`` when it takes
    applications no more.
    """
    set_actor(db, colleges=actor.colleges | {cohort.college_id}, person=actor.person_id)
    still_open = select(Cohort.id).where(Cohort.id == cohort.id, in_offer()).with_for_update(key_share=True)
    if db.exec(still_open).first() is None:
        raise NotFound
    own_enrolment = select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.person_id == actor.person_id)
    row = db.exec(own_enrolment.with_for_update(key_share=True)).first()
    before = row.state if row is not None else None
    reasons = apply_reasons(before, begun=row is not None and row.joined_on is not None)
    if reasons:
        raise Conflict(reasons[0].code)
    require_open(db, cohort.college_id)
    row = row or Enrolment(
        college_id=cohort.college_id,
        cohort_id=cohort.id,
        person_id=actor.person_id,
        curriculum_slug=cohort.curriculum_slug,
        curriculum_version=cohort.curriculum_version,
        state=EnrolmentState.APPLIED,
    )
    row.state, row.employer = EnrolmentState.APPLIED, command.employer
    db.add(row)
    db.flush()
    enrolment_id = row.id
    db.add(
        Application(college_id=cohort.college_id, enrolment_id=enrolment_id, received_at=now(), **command.model_dump())
    )
    record_move(db, row, before, by=actor.person_id)
    grant_role(db, actor.person_id, Role.PARTICIPANT, college_id=cohort.college_id)
    return _refs(db, Enrolment.id == enrolment_id)[0]


def count_by_state(db: Session, cohort: CohortRef) -> Counter[EnrolmentState]:
    """Return how many enrolments of a cohort are in each state."""
    statement = sa.select(col(Enrolment.state), func.count()).where(col(Enrolment.cohort_id) == cohort.id)
    return Counter(dict(db.execute(statement.group_by(col(Enrolment.state))).all()))


def see_enrolment(db: Session, actor: Actor, enrolment_id: int) -> EnrolmentRef:
    """Return an enrolment within the actor's reach and log the access; raise ``NotFound`` otherwise."""
    refs = _refs(db, Enrolment.id == enrolment_id, _within(actor))
    if not refs:
        raise NotFound
    log_access(db, [(refs[0].person_id, refs[0].college_id)])
    return refs[0]


def reaches(db: Session, actor: Actor, permission: Permission, enrolment: EnrolmentRef) -> bool:
    """Return whether an enrolment, which was seen, is within the actor's reach for another permission too."""
    within = _within(actor.using(permission))
    return bool(db.execute(sa.select(sa.exists().where(col(Enrolment.id) == enrolment.id, within))).scalar_one())


def _within(actor: Actor) -> ColumnElement[bool]:
    return scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)


def enrolments_of(db: Session, person_id: int) -> list[EnrolmentRef]:
    """Return a person's enrolments, newest cohort first (for themself: it checks no reach)."""
    return _refs(db, Enrolment.person_id == person_id)


def enrolments_in(db: Session, cohort: CohortRef) -> list[EnrolmentRef]:
    """Return the enrolments of a cohort, by name."""
    return sorted(_refs(db, Enrolment.cohort_id == cohort.id), key=lambda e: search_key(e.name))


def enrolment_ref(db: Session, enrolment_id: int) -> EnrolmentRef:
    """Return the enrolment that something seen belongs to (it checks no reach)."""
    return _refs(db, Enrolment.id == enrolment_id)[0]


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
    reasons = reasons or failing_reasons(command.to, under_review=is_under_review(db, row.id))
    exceptions: list[Reason] = []
    if not reasons and row.state is EnrolmentState.APPLIED:
        meets = row.person_id in who_meets(db, row, [row.person_id])
        exceptions = condition_exceptions(row.state, command.to, meets=meets)
        reasons = [] if command.reason else exceptions
    if not reasons and command.to in SEATED and row.state not in SEATED:
        exceptions += _exceptions(db, cohort, row, command) if row.state in PENDING else []
        reasons = admission_reasons(
            seated=cohort.seated, capacity=cohort.capacity, exceptions=exceptions, reason=command.reason
        )
    is_shared = takes_two(row.state, command.to, eligible=is_eligible(db, row.id))
    if is_shared and not reasons:
        reasons = [] if command.reason else [Reason("reason_needed", field="reason")]
        reasons += [Reason("certificate_in_force")] if is_certified(db, row.id) else []
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    if is_shared:
        propose(db, actor, row, command.to, command.reason or "")
        return Moved(**_refs(db, Enrolment.id == row.id)[0].model_dump(), awaiting=command.to)
    change(db, actor, cohort, row, command, granted_by=actor.person_id, exceptions=[r.code for r in exceptions])
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
        reasons = reasons or failing_reasons(proposal.to_state, under_review=is_under_review(db, row.id))
        if reasons:
            raise Conflict(reasons[0].code, *reasons)
        change(db, actor, cohort, row, move_command, granted_by=proposal.proposed_by)
    db.flush()
    return _refs(db, Enrolment.id == row.id)[0]


def change(
    db: Session,
    actor: Actor,
    cohort: Cohort,
    row: Enrolment,
    command: MoveCommand,
    *,
    granted_by: int | None,
    exceptions: Sequence[str] = (),
) -> None:
    """Change the state of a locked enrolment of a locked cohort, with its history and its roles.

    ``granted_by`` gives the roles. The offer of a seat ends with the change; a seat that it frees goes to who waits.
    """
    _check_one_path(db, row, command.to)
    before = row.state
    _change_state(db, row, command.to)
    if command.to is EnrolmentState.ACTIVE and row.joined_on is None:
        row.joined_on = max(cohort.starts_on, command.joined_on or today(cohort.timezone))
    elif command.to is EnrolmentState.ADMITTED and before is EnrolmentState.ACTIVE:
        row.joined_on = None
    record_move(db, row, before, by=actor.person_id, reason=command.reason, exceptions=exceptions)
    if before is EnrolmentState.OFFERED:
        end_offer(db, actor, row)
    if before in SEATED and row.state not in SEATED:
        enqueue(db, FILL, [cohort.id])
    _follow_with_roles(db, row, granted_by)
    db.flush()


def _follow_with_roles(db: Session, row: Enrolment, granted_by: int | None) -> None:
    """Give the person the roles that their new state gives in the cohort, or take them away."""
    if row.state in LEFT or row.state in PENDING:
        revoke_role(db, row.person_id, Role.PARTICIPANT, cohort_id=row.cohort_id)
    else:
        place = {"college_id": row.college_id, "cohort_id": row.cohort_id}
        grant_role(db, row.person_id, Role.PARTICIPANT, **place, granted_by=granted_by)
        for group_id in groups_of(db, row.person_id, cohort_id=row.cohort_id):
            grant_role(db, row.person_id, Role.PARTICIPANT, **place, group_id=group_id, granted_by=granted_by)


def _exceptions(db: Session, cohort: Cohort, row: Enrolment, command: MoveCommand) -> list[Reason]:
    """Return what an admission makes an exception to: the last day to join (S2), the order of the waitlist."""
    waiting = waiting_ids(db, cohort.id)
    return admission_exceptions(
        joins_on=max(cohort.starts_on, command.joined_on or today(cohort.timezone)),
        limit=last_day_to_join(cohort),
        passed_over=waiting.index(row.id) if row.id in waiting else len(waiting),
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
