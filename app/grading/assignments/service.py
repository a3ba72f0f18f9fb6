"""Assignments of works to trainers: append-only, each told to those whom it concerns."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.accompaniment.interests.service import conflicted, has_interest
from app.cohorts.audience import select_trainers, trainers_of
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_enrolment_not_archived
from app.curricula.library import curriculum_of
from app.grading.assessors import substitutes
from app.grading.assignments.models import WorkAssignment
from app.grading.assignments.rules import assignment_reasons
from app.grading.assignments.schemas import AssignCommand, AssignmentShown
from app.identity.roles.models import RoleGrantRow
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, refuse_unless
from app.platform.security.actor import Actor
from app.platform.security.permissions import Role


def assign(db: Session, actor: Actor, enrolment: EnrolmentRef, command: AssignCommand) -> AssignmentShown:
    """Assign works to a trainer, or to nobody again, and tell the former one and the new one.

    Raise ``Conflict``: ``cohort_archived``, ``stale`` where somebody assigned them meanwhile; ``Invalid`` for someone
    who does not judge them.
    """
    db.exec(select(Enrolment.id).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)).one()
    require_enrolment_not_archived(db, enrolment.id)
    team = trainers_of(db, enrolment.cohort_id)
    kept_from = conflicted(db, enrolment.id, team) if command.assignee_id is not None else frozenset()
    reasons = assignment_reasons(
        curriculum_of(enrolment),
        command.activity_code,
        assignee=command.assignee_id,
        participant=enrolment.person_id,
        trainers=team,
        kept_from=kept_from,
        substitute=_substitute(db, enrolment, command.assignee_id) if command.assignee_id in kept_from else "",
    )
    refuse_unless(*reasons, code="invalid")
    before = next((a for a in assignments(db, enrolment) if a.activity_code == command.activity_code), None)
    if (before.id if before else None) != command.supersedes:
        raise Conflict("stale", Reason("assignment_stale", field="supersedes"))
    if before is not None and before.assignee_id == command.assignee_id:
        return before
    row = WorkAssignment(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        activity_code=command.activity_code,
        assignee_id=command.assignee_id,
        assigned_at=now(),
        assigned_by=actor.person_id,
        supersedes_id=command.supersedes,
    )
    db.add(row)
    db.flush()
    recipients = {Kind.WORKS_ASSIGNED: row.assignee_id, Kind.WORKS_REASSIGNED: before.assignee_id if before else None}
    for kind, person in recipients.items():
        if person is not None and person != actor.person_id:
            _notify_trainer(db, enrolment, kind, row, person)
    return _load(db, col(WorkAssignment.id) == row.id)[0]


def _substitute(db: Session, enrolment: EnrolmentRef, assignee: int | None) -> str:
    return "" if assignee is None else substitutes(db, [enrolment.id], assignee).get(enrolment.id, "")


def _notify_trainer(db: Session, enrolment: EnrolmentRef, kind: Kind, row: WorkAssignment, person: int) -> None:
    """Tell a trainer; whose work it is stands in the queue, and in no e-mail."""
    params = {"cohort": enrolment.cohort_title}
    notify(db, Event(kind, f"work_assignment:{row.id}", [person], "/jugements", params, enrolment.college_id))


def assignments(db: Session, enrolment: EnrolmentRef) -> list[AssignmentShown]:
    """Return the assignments in force of an enrolment: of the person, then by activity."""
    return _load(db, col(WorkAssignment.enrolment_id) == enrolment.id, not_superseded(WorkAssignment))


def assignments_in(db: Session, cohort: CohortRef, enrolment_ids: Sequence[int]) -> list[AssignmentShown]:
    """Return the assignments in force of some enrolments of a cohort."""
    of_cohort = sa.select(col(Enrolment.id)).where(
        col(Enrolment.cohort_id) == cohort.id, col(Enrolment.id).in_(enrolment_ids)
    )
    return _load(db, col(WorkAssignment.enrolment_id).in_(of_cohort), not_superseded(WorkAssignment))


def trainers(db: Session, cohort: CohortRef) -> list[tuple[int, str]]:
    """Return the ids and names of those who train in a cohort, by name."""
    statement = sa.select(Person).where(col(Person.id).in_(select_trainers(cohort.id))).order_by(col(Person.search_key))
    return [(person.id, person.name) for person in db.execute(statement).scalars()]


def _load(db: Session, *where: ColumnElement[bool]) -> list[AssignmentShown]:
    assignee = aliased(Person)
    statement = (
        sa.select(WorkAssignment, Person, assignee)
        .join(Person, col(Person.id) == WorkAssignment.assigned_by)
        .outerjoin(assignee, col(assignee.id) == WorkAssignment.assignee_id)
        .where(*where)
        .order_by(col(WorkAssignment.enrolment_id), col(WorkAssignment.activity_code).nulls_first())
    )
    return [
        AssignmentShown(
            **row.model_dump(exclude={"assigned_by"}), assignee=who.name if who else None, assigned_by=by.name
        )
        for row, by, who in db.execute(statement)
    ]


_TRAINS = func.coalesce(
    sa.select(sa.true())
    .where(
        col(RoleGrantRow.person_id) == WorkAssignment.assignee_id,
        col(RoleGrantRow.cohort_id) == Enrolment.cohort_id,
        col(RoleGrantRow.role) == Role.TRAINER,
        col(RoleGrantRow.ended_at).is_(None),
    )
    .limit(1)
    .correlate(WorkAssignment, Enrolment)
    .scalar_subquery(),
    sa.false(),
)
"""Whether the person still trains the cohort: looked up by person, as PostgreSQL might read all roles of a network for
an ``exists``."""
STILL_JUDGES = _TRAINS & ~has_interest(col(WorkAssignment.assignee_id), WorkAssignment)
"""Whether the person to whom works are assigned still trains the cohort, and declared no interest in them (S6)."""


def assignee_of(work: Any) -> sa.ScalarSelect[Any]:  # noqa: ANN401 - a table expression
    """Return the person to whom a work is assigned, in a statement on works and their enrolments.

    Null: nobody, or someone who no longer trains the cohort or declared an interest, so that no work waits for who does
    not judge it.
    """
    return (
        sa.select(col(WorkAssignment.assignee_id))
        .where(
            col(WorkAssignment.enrolment_id) == Enrolment.id,
            sa.or_(
                col(WorkAssignment.activity_code).is_(None),
                col(WorkAssignment.activity_code) == work.activity_code,
            ),
            not_superseded(WorkAssignment),
            STILL_JUDGES,
        )
        .order_by(col(WorkAssignment.activity_code).nulls_last())
        .limit(1)
        .correlate(Enrolment, work.key.table)
        .scalar_subquery()
    )
