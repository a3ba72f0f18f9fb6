"""What people are told of a record: that a member says it is wrong, and what became of it. Nobody is named (BR-11)."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.confirmations.models import CodevConfirmation
from app.codev.groups.models import CodevMembership
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.sessions.notices import facilitators_of, tell_of_session
from app.codev.sessions.schemas import CodevSessionRef
from app.cohorts.models import Enrolment
from app.notifications.enums import Kind
from app.platform.database.session import Session


def tell_disputed(db: Session, meeting: CodevSessionRef, said: CodevConfirmation) -> None:
    """Tell the facilitator of the group that a member says that a record is wrong, once per record and member."""
    key = f"record:{said.record_id}:disputed:{said.membership_id}"
    tell_of_session(db, meeting, Kind.RECORD_DISPUTED, key, facilitators_of(db, meeting))


def tell_reviewed(db: Session, meeting: CodevSessionRef, before: CodevRecord, after: CodevRecord) -> None:
    """Tell those whom a record named, before or after its correction, that it is corrected.

    When the same was recorded again, the facilitator maintains it: those who said that it was wrong are told so.
    """
    was, is_now = _content(db, before), _content(db, after)
    if was != is_now:
        named = {line[0] for line in was.presences | is_now.presences}
        tell_of_session(db, meeting, Kind.RECORD_CORRECTED, f"record:{after.id}:corrected", _people(db, named))
        return
    wrong = select(CodevConfirmation.membership_id).where(
        CodevConfirmation.record_id == before.id, ~col(CodevConfirmation.is_right)
    )
    tell_of_session(
        db, meeting, Kind.RECORD_MAINTAINED, f"record:{after.id}:maintained", _people(db, db.exec(wrong).all())
    )


class _Content(NamedTuple):
    """What a record says: whether the session counts, each presence, each turn."""

    held: bool
    presences: frozenset[tuple[Any, ...]]
    turns: frozenset[tuple[Any, ...]]


def _content(db: Session, record: CodevRecord) -> _Content:
    presence = sa.select(
        col(CodevPresence.membership_id),
        col(CodevPresence.status),
        col(CodevPresence.minutes),
        col(CodevPresence.mode),
    ).where(col(CodevPresence.record_id) == record.id)
    turn = sa.select(
        col(CodevTurn.position),
        col(CodevTurn.client_id),
        col(CodevTurn.status),
        col(CodevTurn.reason),
        col(CodevTurn.protocol),
    ).where(col(CodevTurn.record_id) == record.id)
    lines, turns = (frozenset(tuple(row) for row in db.execute(statement)) for statement in (presence, turn))
    return _Content(record.held, lines, turns)


def _people(db: Session, memberships: Collection[int]) -> Sequence[int]:
    statement = (
        select(Enrolment.person_id)
        .join(CodevMembership, col(CodevMembership.enrolment_id) == Enrolment.id)
        .where(col(CodevMembership.id).in_(memberships))
    )
    return db.exec(statement).all()
