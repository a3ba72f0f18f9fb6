"""What the signed-in person has to come and to do for themself."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState
from app.curricula.library import curriculum_of, default_library
from app.grading.service import recent_judgements
from app.grading.works.enums import WorkState
from app.grading.works.service import works_of
from app.overview.calendar.agenda import sessions_of
from app.overview.calendar.schemas import AgendaItem
from app.overview.home.schemas import Judged, NextStep, Own, OwnWork
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local, today
from app.platform.security.actor import Actor
from app.platform.security.permissions import P, Role
from app.progress.next_steps.rules import next_steps
from app.progress.path.service import progress_of

AHEAD = timedelta(weeks=2)
"""How far sessions to come are looked for."""
BACK = timedelta(weeks=3)
"""How long a judgement is new."""
MOST = 3
"""How many sessions, and how many judgements, are shown."""
WAITING = (WorkState.RETURNED, WorkState.BEING_READ, WorkState.RECEIVED)
"""The states of works that one's home shows."""
PATHS = 2
"""How many paths are looked at: hardly anyone follows more at a time."""


def own_of(db: Session, actor: Actor, enrolments: Sequence[EnrolmentRef]) -> Own:
    """Return what the actor has to come and to do, from their own enrolments."""
    active = [e for e in enrolments if e.state is EnrolmentState.ACTIVE] if actor.can(P.PROGRESS_READ) else []
    return Own(
        sessions=_sessions(db, actor),
        steps=tuple(step for enrolment in active[:PATHS] for step in _steps(db, enrolment)),
        judged=tuple(_judged(db, active)) if active else (),
        works=tuple(work for enrolment in active[:PATHS] for work in _works(db, enrolment)),
    )


def _sessions(db: Session, actor: Actor) -> tuple[AgendaItem, ...]:
    """Return the next sessions of the actor's cohorts and groups that are not cancelled, nor over."""
    if not any(map(actor.has, (Role.PARTICIPANT, Role.TRAINER, Role.FACILITATOR))):
        return ()
    at, day = now(), today()
    coming = (
        item
        for item in sessions_of(db, actor, day, day + AHEAD)
        if item.starts_at is not None
        and not item.is_cancelled
        and item.starts_at + timedelta(minutes=item.planned_minutes) > at
    )
    return tuple(coming)[:MOST]


def _steps(db: Session, enrolment: EnrolmentRef) -> Iterable[NextStep]:
    placed, day = curriculum_of(enrolment).placed, today(enrolment.timezone)
    for step in next_steps(progress_of(db, enrolment)):
        _, activity = placed[step.activity_code]
        yield NextStep(
            enrolment_id=enrolment.id,
            activity_code=step.activity_code,
            title=activity.title.text,
            due_on=step.due_on,
            late=step.due_on < day,
        )


def _judged(db: Session, enrolments: Sequence[EnrolmentRef]) -> Iterable[Judged]:
    for row in recent_judgements(db, enrolments, now() - BACK, MOST):
        framework = default_library().framework_of(curriculum_of(row))
        yield Judged(
            enrolment_id=row.enrolment_id,
            competency_code=row.competency_code,
            title=framework.competency(row.competency_code).title.text,
            validated_on=local(row.validated_at, row.timezone).date(),
        )


def _works(db: Session, enrolment: EnrolmentRef) -> Iterable[OwnWork]:
    """Return the works that wait for a trainer or for the person, those to redo first."""
    waiting = [work for work in works_of(db, enrolment) if work.state in WAITING]
    for work in sorted(waiting, key=lambda work: (work.state is not WorkState.RETURNED, work.received_at)):
        yield OwnWork(
            enrolment_id=enrolment.id,
            activity_code=work.activity_code,
            mandate_id=None if work.activity_code else work.evidence.id,
            title=work.title,
            state=work.state,
        )
