"""The delivery of e-mail messages, for those who wait for it: by message, by person, and as an administrator's list.

A request reads neither recipients nor texts: the database does not let it (docs/row-security.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_page
from app.platform.database.session import Session, allow
from app.platform.messages.outbox import EmailMessage
from app.platform.messages.rules import LATE_AFTER, OPEN_STATES, LetterState
from app.platform.messages.schemas import DeliveryShown, LetterShown, LetterSort, LettersQuery
from app.platform.paging import Page

_DELIVERY = (
    col(EmailMessage.state),
    col(EmailMessage.reason),
    col(EmailMessage.status),
    col(EmailMessage.created_at),
    col(EmailMessage.due_at),
    col(EmailMessage.sent_at),
    col(EmailMessage.stopped_at),
)
ORDERS: Orders = {
    LetterSort.WRITTEN: (col(EmailMessage.created_at),),
    LetterSort.DUE: (col(EmailMessage.due_at),),
}


def deliveries(db: Session, letter_ids: Iterable[int | None]) -> Mapping[int, DeliveryShown]:
    """Return where some messages stand, by their ids; those that were deleted since are missing."""
    wanted = sorted({letter_id for letter_id in letter_ids if letter_id is not None})
    if not wanted:
        return {}
    allow(db, Right.LETTERS)
    db.flush()
    rows = db.execute(sa.select(col(EmailMessage.id), *_DELIVERY).where(col(EmailMessage.id).in_(wanted)))
    return {row.id: _delivery_shown(row) for row in rows}


def deliveries_to(db: Session, people: Mapping[int, datetime]) -> Mapping[int, DeliveryShown]:
    """Return where the last message that was tried stands, by the person whose account it was for.

    ``people``: since when each has the address; an earlier message went to another one. People without a message are
    missing: nothing was written to them for a month.
    """
    if not people:
        return {}
    allow(db, Right.LETTERS)
    db.flush()
    latest = (
        sa.select(col(EmailMessage.person_id), *_DELIVERY)
        .ext(distinct_on(col(EmailMessage.person_id)))
        .where(col(EmailMessage.person_id).in_(sorted(people)), col(EmailMessage.state) != LetterState.WAITING)
        .order_by(col(EmailMessage.person_id), col(EmailMessage.id).desc())
    )
    rows = db.execute(latest).all()
    return {row.person_id: _delivery_shown(row) for row in rows if row.created_at >= people[row.person_id]}


def delivery_since(db: Session, person_id: int, since: datetime) -> DeliveryShown | None:
    """Return where the last message that was tried stands, of those written to a person since a moment."""
    return deliveries_to(db, {person_id: since}).get(person_id)


def list_letters(db: Session, query: LettersQuery) -> Page[LetterShown]:
    """Return a page of all messages, for an administrator: their recipients masked, without subject or text.

    The caller checks that the actor administers the platform.
    """
    allow(db, Right.LETTERS)
    statement = sa.select(
        col(EmailMessage.id), col(EmailMessage.kind), col(EmailMessage.masked), col(EmailMessage.tries), *_DELIVERY
    )
    if query.etat is not None:
        statement = statement.where(col(EmailMessage.state) == query.etat)
    if query.sorte is not None:
        statement = statement.where(col(EmailMessage.kind) == query.sorte)
    if query.retard:
        is_late = col(EmailMessage.created_at) < now() - LATE_AFTER
        statement = statement.where(col(EmailMessage.state).in_(OPEN_STATES), is_late)
    return fetch_page(db, statement, query, ORDERS, col(EmailMessage.id)).map(_letter_shown)


def letter_kinds(db: Session) -> Sequence[str]:
    """Return the kinds of the messages that are there, for the filter of their list."""
    allow(db, Right.LETTERS)
    return db.execute(sa.select(col(EmailMessage.kind)).distinct().order_by(col(EmailMessage.kind))).scalars().all()


def _letter_shown(row: Any) -> LetterShown:  # noqa: ANN401 - a row of the statement above
    return LetterShown(
        id=row.id,
        kind=row.kind,
        recipient=row.masked,
        created_at=row.created_at,
        tries=row.tries,
        delivery=_delivery_shown(row),
    )


def _delivery_shown(row: Any) -> DeliveryShown:  # noqa: ANN401 - a row that has the columns of _DELIVERY
    return DeliveryShown(
        state=row.state,
        since=row.sent_at or row.stopped_at or row.created_at,
        next_try=row.due_at if row.state is LetterState.RETRYING else None,
        reason=row.reason,
        status=row.status,
    )
