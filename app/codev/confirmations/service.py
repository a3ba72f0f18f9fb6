"""Confirmations of records: who is asked, what each says, and what waits for members and for the facilitator."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.codev.confirmations.models import CodevConfirmation
from app.codev.confirmations.notices import tell_disputed
from app.codev.confirmations.schemas import ConfirmationShown, ConfirmationsShown, ConfirmCommand, RecordToConfirm
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.records.models import CodevPresence, CodevRecord
from app.codev.records.service import current_record
from app.codev.sessions.models import CodevSession
from app.codev.sessions.schemas import CodevSessionRef
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.service import require_not_archived
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason
from app.platform.security.actor import Actor, scoped

WAITS = timedelta(days=30)
"""How long a record waits on the home page of those whom it names; on its own page it always does."""


def confirmations(db: Session, actor: Actor, meeting: CodevSessionRef) -> ConfirmationsShown:
    """Return who has said what of the record in force of a session, by name."""
    record = db.exec(current_record(meeting.id)).one_or_none()
    if record is None:
        return ConfirmationsShown(record_id=None, confirmations=(), to_confirm=False)
    latest = {c.membership_id: c for c in db.exec(_confirmations_of(record.id)).all()}
    people = db.exec(
        select(CodevMembership.id, Person)
        .join(CodevPresence, col(CodevPresence.membership_id) == CodevMembership.id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevPresence.record_id == record.id)
        .order_by(Person.search_key)
    ).all()
    own = next((id_ for id_, person in people if person.id == actor.person_id), None)
    return ConfirmationsShown(
        record_id=record.id,
        confirmations=tuple(
            ConfirmationShown(
                membership_id=id_,
                name=person.name,
                is_right=latest[id_].is_right if id_ in latest else None,
                said_at=latest[id_].said_at if id_ in latest else None,
            )
            for id_, person in people
        ),
        to_confirm=own is not None and meeting.inside and not (own in latest and latest[own].is_right),
    )


def confirm(db: Session, actor: Actor, meeting: CodevSessionRef, command: ConfirmCommand) -> None:
    """Say, as a member whom the record names, that it is right or wrong; saying the same again changes nothing.

    The facilitator is told that it is wrong.

    Raises ``NotFound`` for someone whom it does not name, ``Conflict``: ``cohort_archived``, ``session_cancelled``,
    ``stale`` when it was corrected since it was read.
    """
    require_not_archived(db.get_one(Cohort, meeting.cohort_id))
    row = db.get_one(CodevSession, meeting.id, with_for_update={"key_share": True}, populate_existing=True)
    if row.cancelled_at is not None:
        raise Conflict("session_cancelled")
    record = db.exec(current_record(meeting.id)).one_or_none()
    own = db.exec(_own_presence(actor, record.id)).one_or_none() if record is not None else None
    if record is None or own is None:
        raise NotFound
    if command.record_id != record.id:
        raise Conflict("stale", Reason("codev_record_stale", field="record_id"))
    last = next((c for c in reversed(db.exec(_confirmations_of(record.id)).all()) if c.membership_id == own), None)
    if last is not None and last.is_right == command.is_right:
        return
    said = CodevConfirmation(
        college_id=meeting.college_id,
        record_id=record.id,
        membership_id=own,
        is_right=command.is_right,
        said_at=now(),
        said_by=actor.person_id,
    )
    db.add(said)
    db.flush()
    if not said.is_right:
        tell_disputed(db, meeting, said)


def records_to_confirm(db: Session, actor: Actor, limit: int) -> list[RecordToConfirm]:
    """Return the sessions of the last weeks whose record names the actor, who has said nothing of it."""
    has_answered = sa.exists().where(
        col(CodevConfirmation.record_id) == CodevRecord.id,
        col(CodevConfirmation.membership_id) == CodevPresence.membership_id,
    )
    statement = (
        _recent(actor)
        .join(CodevPresence, col(CodevPresence.record_id) == CodevRecord.id)
        .join(CodevMembership, col(CodevMembership.id) == CodevPresence.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(col(Enrolment.person_id) == actor.person_id, ~has_answered)
    )
    return [RecordToConfirm.model_validate(row) for row in db.execute(statement.limit(limit))]


def disputed_records(db: Session, actor: Actor, limit: int) -> list[RecordToConfirm]:
    """Return the sessions of the last weeks whose record in force a member says is wrong, not confirmed since."""
    later = aliased(CodevConfirmation)
    confirmed_since = sa.exists().where(
        col(later.record_id) == CodevConfirmation.record_id,
        col(later.membership_id) == CodevConfirmation.membership_id,
        col(later.id) > CodevConfirmation.id,
        col(later.is_right),
    )
    wrong = sa.exists().where(
        col(CodevConfirmation.record_id) == CodevRecord.id, ~col(CodevConfirmation.is_right), ~confirmed_since
    )
    return [RecordToConfirm.model_validate(row) for row in db.execute(_recent(actor).where(wrong).limit(limit))]


def _recent(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the sessions within reach whose record in force was closed in the last weeks."""
    return (
        sa.select(
            col(CodevSession.id),
            col(CodevGroup.name).label("group"),
            col(CodevSession.starts_at),
            col(CodevSession.timezone),
        )
        .join(CodevRecord, col(CodevRecord.session_id) == CodevSession.id)
        .join(CodevGroup, col(CodevGroup.id) == CodevSession.group_id)
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .where(
            scoped(actor, college=CodevSession.college_id, group=CodevSession.group_id),
            col(Cohort.state) != CohortState.ARCHIVED,
            col(CodevSession.cancelled_at).is_(None),
            not_superseded(CodevRecord),
            col(CodevRecord.closed_at) >= now() - WAITS,
        )
        .order_by(col(CodevSession.starts_at), col(CodevSession.id))
    )


def _confirmations_of(record_id: int) -> SelectOfScalar[CodevConfirmation]:
    """Return the statement of what members said of a record, in the order in which they said it."""
    statement = select(CodevConfirmation).where(CodevConfirmation.record_id == record_id)
    return statement.order_by(col(CodevConfirmation.id))


def _own_presence(actor: Actor, record_id: int) -> SelectOfScalar[int]:
    return (
        select(CodevPresence.membership_id)
        .join(CodevMembership, col(CodevMembership.id) == CodevPresence.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(CodevPresence.record_id == record_id, Enrolment.person_id == actor.person_id)
    )
