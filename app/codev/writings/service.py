"""Writings: each member's learning, notes of a consultation, the group's own note; read by the group alone (BR-11)."""

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.codev.confidences import service as confidences
from app.codev.confidences.enums import ConfidenceKind
from app.codev.confidences.places import MemberPlace, archived_reasons
from app.codev.confidences.service import Place
from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevTurn
from app.codev.records.service import current_records
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import RoleAssignment
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.writings.enums import WritingKind
from app.codev.writings.models import SessionWriting
from app.codev.writings.rules import time_reasons, writing_reasons
from app.codev.writings.schemas import WritingCommand, WritingContent, WritingShown, WritingWritten
from app.cohorts.models import Enrolment
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Reason, Stale, refuse_unless
from app.platform.security.keyring import Keyring

KINDS = {WritingKind.LEARNING: ConfidenceKind.LEARNING, WritingKind.NOTE: ConfidenceKind.NOTE}


def writings(db: Session, keyring: Keyring, meeting: CodevSessionRef) -> list[WritingShown]:
    """Return what was written of a session, by consultation then name; reading what others wrote is logged."""
    rows = db.exec(
        select(SessionWriting, Person)
        .join(CodevMembership, col(CodevMembership.id) == SessionWriting.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(SessionWriting.session_id == meeting.id)
        .order_by(col(SessionWriting.kind), col(SessionWriting.position), Person.search_key)
    ).all()
    log_access(db, [(person.id, row.college_id) for row, person in rows])
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in rows], WritingContent)
    return [_shown(row, person, texts.get(row.confidence_id or 0)) for row, person in rows]


def _shown(row: SessionWriting, person: Person, content: WritingContent | None) -> WritingShown:
    shared = row.model_dump(include=set(WritingShown.model_fields))
    return WritingShown(**shared, name=person.name, text=content.text if content else None)


def own_version(db: Session, place: MemberPlace, kind: WritingKind, position: int) -> int:
    """Return the version of the actor's own writing; 0 while there is none."""
    row = db.exec(_own(place, kind, position)).one_or_none()
    return row.version if row else 0


def _own(place: MemberPlace, kind: WritingKind, position: int) -> SelectOfScalar[SessionWriting]:
    return select(SessionWriting).where(
        SessionWriting.session_id == place.session_id,
        SessionWriting.membership_id == place.membership_id,
        SessionWriting.kind == kind,
        SessionWriting.position == position,
    )


def roles_of(db: Session, place: MemberPlace) -> dict[int, frozenset[CodevRole]]:
    """Return the actor's roles in the session's consultations, by position: as planned, and as client as recorded."""
    records = current_records()
    planned = sa.select(col(RoleAssignment.position), col(RoleAssignment.role)).where(
        col(RoleAssignment.session_id) == place.session_id, col(RoleAssignment.membership_id) == place.membership_id
    )
    recorded = (
        sa.select(col(CodevTurn.position))
        .join(records, records.c.id == CodevTurn.record_id)
        .where(records.c.session_id == place.session_id, col(CodevTurn.client_id) == place.membership_id)
    )
    found: dict[int, set[CodevRole]] = {}
    for position, role in db.execute(planned):
        found.setdefault(position, set()).add(role)
    for position in db.execute(recorded).scalars():
        found.setdefault(position, set()).add(CodevRole.CLIENT)
    return {position: frozenset(roles) for position, roles in found.items()}


def closed_reasons(db: Session, of: MemberPlace | CodevSessionRef) -> list[Reason]:
    """Return why nothing is written of a session now, for any of its group."""
    cancelled = of.cancelled if isinstance(of, MemberPlace) else of.cancelled_at is not None
    return archived_reasons(db, of.group_id) or time_reasons(of.starts_at, now(), cancelled=cancelled)


def write(
    db: Session,
    keyring: Keyring,
    place: MemberPlace,
    what: tuple[WritingKind, int],
    command: WritingCommand,
    *,
    version: int,
) -> WritingWritten:
    """Write the actor's ``(kind, position)`` of a session, or what it becomes; ``version`` is the one that was read.

    Raises ``Conflict``: ``writing_before_session``, ``writing_session_cancelled``, ``cohort_archived``;
    ``Invalid`` for a note of a consultation in which they have another role; ``Stale`` for another version.
    """
    kind, position = what
    db.get_one(CodevMembership, place.membership_id, with_for_update={"key_share": True})
    if reasons := closed_reasons(db, place):
        raise Conflict(reasons[0].code, *reasons)
    refuse_unless(*writing_reasons(kind, position, roles_of(db, place).get(position, ())), code="invalid")
    row = db.exec(_own(place, kind, position)).one_or_none()
    if version != (row.version if row else 0):
        raise Stale(None, Reason("writing_stale", field="version"))
    content = WritingContent(text=command.text)
    if row is None:
        where = Place(place.college_id, place.group_id, place.person_id, KINDS[kind])
        row = SessionWriting(
            college_id=place.college_id,
            session_id=place.session_id,
            membership_id=place.membership_id,
            kind=kind,
            position=position,
            confidence_id=confidences.write(db, keyring, where, content),
            version=1,
            written_at=now(),
            changed_at=now(),
        )
    else:
        confidences.rewrite(db, keyring, row.confidence_id, content)
        row.version, row.changed_at = row.version + 1, now()
    db.add(row)
    db.flush()
    return WritingWritten.model_validate(row)
