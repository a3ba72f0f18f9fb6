"""A cohort moves from one state to another: what that would change, the move itself, and its history."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveCommand
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle import rules
from app.cohorts.lifecycle.rules import Situation
from app.cohorts.lifecycle.schemas import CohortMoved, CohortMoveShown, Effect, MoveCohort, MovePreview
from app.cohorts.models import Cohort, CohortMove, Enrolment
from app.cohorts.proposals.service import count_open_proposals, count_recorded, count_unfinished
from app.cohorts.rules import TAKES_PEOPLE
from app.cohorts.schemas import CohortRef
from app.network.colleges.service import is_open
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason
from app.platform.json import dumps
from app.platform.messages.i18n import today
from app.platform.security.actor import Actor

C: TypeAlias = CohortState
E: TypeAlias = EnrolmentState


def preview(db: Session, actor: Actor, cohort: CohortRef, to: CohortState) -> MovePreview:
    """Return what a move of a cohort would change today, and what stands in its way."""
    return _preview(_situation(db, actor, cohort), to)


def move(db: Session, actor: Actor, cohort: CohortRef, command: MoveCohort) -> CohortMoved:
    """Move a cohort to a state, with the people whose state follows, and record who did so and why.

    Under the cohort's lock, so that what is compared with ``command.shown`` is what is done. Raises ``Conflict``:
    ``cohort_changed`` when the consequences are no longer those shown, or the code of what stands in the way.
    """
    row = db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    situation = _situation(db, actor, CohortRef.model_validate(row))
    current = _preview(situation, command.to)
    if current.allowed and command.shown != current.shown:  # one not allowed is refused below, with its reasons
        raise Conflict("cohort_changed", Reason("cohort_changed"))
    reasons = rules.move_reasons(situation, command.to, command.reason, leave_incomplete=command.leave_incomplete)
    if reasons:
        raise Conflict(reasons[0].code, *reasons)
    row.state = command.to
    row.applications_open = row.applications_open and command.to in TAKES_PEOPLE | {C.DRAFT}
    db.add(row)
    db.flush()
    people = _move_people(db, actor, cohort, situation, command)
    db.add(
        CohortMove(
            college_id=row.college_id,
            cohort_id=row.id,
            from_state=situation.state,
            to_state=command.to,
            moved_at=now(),
            moved_by=actor.person_id,
            reason=command.reason,
            people=people,
        )
    )
    db.flush()
    db.refresh(row)
    return CohortMoved(**CohortRef.model_validate(row).model_dump(), people=people)


def _move_people(db: Session, actor: Actor, cohort: CohortRef, situation: Situation, command: MoveCohort) -> int:
    """Change the state of the enrolments that follow the cohort's, and return how many."""
    moved = (situation.state, command.to)
    if moved == (C.OPEN, C.RUNNING):
        return enrolments.start(db, actor, cohort)
    if moved == (C.RUNNING, C.OPEN):
        return _move_all(db, actor, cohort, MoveCommand(to=E.ADMITTED, reason=command.reason), E.ACTIVE)
    if moved == (C.RUNNING, C.CLOSED):
        to = MoveCommand(to=E.INCOMPLETE, reason=command.reason)
        return _move_all(db, actor, cohort, to, *rules.UNFINISHED)
    return 0


def _move_all(db: Session, actor: Actor, cohort: CohortRef, command: MoveCommand, *states: EnrolmentState) -> int:
    refs = [ref for ref in enrolments.enrolments_in(db, cohort) if ref.state in states]
    for ref in sorted(refs, key=_by_id):
        enrolments.move(db, actor, ref, command)
    return len(refs)


def _by_id(ref: EnrolmentRef) -> int:
    return ref.id


def _situation(db: Session, actor: Actor, cohort: CohortRef) -> Situation:
    own = sa.select(col(Enrolment.state), sa.func.count()).where(
        col(Enrolment.cohort_id) == cohort.id, col(Enrolment.person_id) == actor.person_id
    )
    to_come, calls_open = count_unfinished(db, cohort.id)
    return Situation(
        state=cohort.state,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        today=today(cohort.timezone),
        college_is_open=is_open(db, cohort.college_id),
        applications_open=cohort.applications_open,
        people=enrolments.count_by_state(db, cohort),
        own=dict(db.execute(own.group_by(col(Enrolment.state))).all()),
        proposals=count_open_proposals(db, cohort.id),
        recorded=count_recorded(db, cohort.id),
        sessions_to_come=to_come,
        calls_open=calls_open,
    )


def _preview(situation: Situation, to: CohortState) -> MovePreview:
    obstacles = rules.blocking_reasons(situation, to)
    unfinished = situation.count(*rules.UNFINISHED) if to is C.CLOSED and situation.state is C.RUNNING else 0
    values: dict[str, Any] = {
        "to": to,
        "allowed": not obstacles,
        "needs_reason": rules.needs_reason(situation, to, leaves_incomplete=unfinished > 0),
        "unfinished": unfinished,
        "obstacles": effects_of(obstacles),
        "effects": () if obstacles else effects_of(rules.consequences(situation, to)),
    }
    return MovePreview(**values, shown=mark_of(situation.state, *values["obstacles"], *values["effects"]))


def effects_of(reasons: list[Reason]) -> tuple[Effect, ...]:
    """Return what rules answered as data."""
    return tuple(Effect(code=reason.code, params=dict(reason.params)) for reason in reasons)


def mark_of(state: CohortState, *effects: Effect) -> str:
    """Return the mark of some effects in a state: another one as soon as one of their numbers is another."""
    return sha256(f"{state} {dumps([e.model_dump() for e in effects])}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PossibleMove:
    """A move that a cohort may make, and whether it takes one back."""

    to: CohortState
    is_back: bool


def possible_moves(cohort: CohortRef) -> tuple[PossibleMove, ...]:
    """Return the moves that a cohort may make from its state, those forward first."""
    return tuple(PossibleMove(to, rules.is_back(cohort.state, to)) for to in rules.allowed_moves(cohort.state))


def moves(db: Session, cohort: CohortRef) -> list[CohortMoveShown]:
    """Return the changes of a cohort's state, newest first."""
    statement = (
        select(CohortMove, Person)
        .join(Person, col(Person.id) == CohortMove.moved_by)
        .where(CohortMove.cohort_id == cohort.id)
        .order_by(col(CohortMove.id).desc())
    )
    return [
        CohortMoveShown(**m.model_dump(include={"from_state", "to_state", "moved_at", "reason", "people"}), by=p.name)
        for m, p in db.exec(statement).all()
    ]
