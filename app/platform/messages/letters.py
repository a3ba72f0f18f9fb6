"""The delivery of e-mail messages, for those who wait for it: by message, by person, and as an administrator's list.

A request reads neither recipients nor texts: the database does not let it (docs/row-security.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from app.platform.audit.enums import Act
from app.platform.audit.recorder import record_statement
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session, allow
from app.platform.errors import Conflict
from app.platform.jobs.queue import enqueue as enqueue_jobs
from app.platform.messages.outbox import LETTER, EmailMessage
from app.platform.messages.rules import LATE_AFTER, OPEN_STATES, STOPPED, LetterState, mask
from app.platform.messages.schemas import DeliveryShown, LettersApiQuery, LetterShown, LetterSort, LettersQuery
from app.platform.paging import LARGEST_ID, Page

_DELIVERY = (
    col(EmailMessage.state),
    col(EmailMessage.reason),
    col(EmailMessage.status),
    col(EmailMessage.created_at),
    col(EmailMessage.due_at),
    col(EmailMessage.sent_at),
    col(EmailMessage.stopped_at),
)
_LETTERS: sa.Select[*tuple[Any, ...]] = sa.select(
    col(EmailMessage.id), col(EmailMessage.kind), col(EmailMessage.masked), col(EmailMessage.tries), *_DELIVERY
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


def last_letter_stopped(person_id: Any, since: Any) -> sa.ScalarSelect[bool]:  # noqa: ANN401 - columns
    """Return whether the last message that was tried for a person stopped, of those written since a moment.

    Both are columns of the statement that it stands in, which needs ``Right.LETTERS``; null where none was tried.
    """
    stopped = col(EmailMessage.state).in_(sorted(STOPPED)) & (col(EmailMessage.created_at) >= since)
    return (
        sa.select(stopped)
        .where(col(EmailMessage.person_id) == person_id, col(EmailMessage.state) != LetterState.WAITING)
        .order_by(col(EmailMessage.id).desc())
        .limit(1)
        .scalar_subquery()
    )


def letter_stopped(letter_id: Any) -> sa.ScalarSelect[bool]:  # noqa: ANN401 - a column
    """Return whether a message stopped, by a column that refers to it; null where it was deleted."""
    stopped = sa.select(col(EmailMessage.state).in_(sorted(STOPPED)))
    return stopped.where(col(EmailMessage.id) == letter_id).scalar_subquery()


def delivery_since(db: Session, person_id: int, since: datetime) -> DeliveryShown | None:
    """Return where the last message that was tried stands, of those written to a person since a moment."""
    return deliveries_to(db, {person_id: since}).get(person_id)


def list_letters(db: Session, query: LettersQuery) -> Page[LetterShown]:
    """Return a page of all messages, for an administrator: their recipients masked, without subject or text.

    The caller checks that the actor administers the platform.
    """
    allow(db, Right.LETTERS)
    statement = _LETTERS.where(
        *_criteria(search=query.recherche, state=query.etat, kind=query.sorte, is_late=query.retard)
    )
    return fetch_page(db, statement, query, ORDERS, col(EmailMessage.id)).map(_letter_shown)


def letters_after(db: Session, query: LettersApiQuery) -> tuple[Sequence[LetterShown], int | None]:
    """Return the messages after one, newest first, and the id to go on after: ``list_letters`` for the API."""
    allow(db, Right.LETTERS)
    statement = _LETTERS.where(
        *_criteria(search=query.search, state=query.delivery, kind=query.letter_kind, is_late=query.late)
    )
    order = ORDERS[LetterSort.WRITTEN]
    rows, next_ = fetch_after(
        db, statement, order, col(EmailMessage.id), after=query.after, limit=query.limit, descending=True
    )
    return [_letter_shown(row) for row in rows], next_


def _criteria(
    *, search: str, state: LetterState | None, kind: str | None, is_late: bool
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a list; a search is a message's number, or an address or its beginning or domain.

    An address is masked before it is compared: nobody learns from it more than the list shows.
    """
    criteria: list[sa.ColumnElement[bool]] = []
    if search.isdecimal():
        criteria.append(col(EmailMessage.id) == min(int(search), LARGEST_ID))
    elif search:
        text = search.casefold()
        local = text.partition("@")[0]
        sought = mask(text) if "@" in text and local and "…" not in local else text
        criteria.append(col(EmailMessage.masked).contains(sought, autoescape=True))
    if state is not None:
        criteria.append(col(EmailMessage.state) == state)
    if kind is not None:
        criteria.append(col(EmailMessage.kind) == kind)
    if is_late:
        late = col(EmailMessage.created_at) < now() - LATE_AFTER
        criteria += [col(EmailMessage.state).in_(OPEN_STATES), late]
    return criteria


def letter(db: Session, letter_id: int) -> LetterShown | None:
    """Return a message as an administrator sees it; the caller checks that the actor administers the platform."""
    allow(db, Right.LETTERS)
    row = db.execute(_LETTERS.where(col(EmailMessage.id) == letter_id)).one_or_none()
    return None if row is None else _letter_shown(row)


def try_now(db: Session, letter_id: int) -> None:
    """Let a message that is still to be sent be tried at once; one that is being sent is left to its worker.

    The caller checks that the actor administers the platform. Raise ``Conflict("letter_settled")`` for any other.
    """
    allow(db, Right.LETTERS, Right.OPERATION)
    chosen = sa.select(col(EmailMessage.state), col(EmailMessage.due_at)).where(col(EmailMessage.id) == letter_id)
    if db.execute(chosen).one().state not in OPEN_STATES:
        raise Conflict("letter_settled")
    row = db.execute(chosen.where(col(EmailMessage.state).in_(OPEN_STATES)).with_for_update(skip_locked=True)).first()
    if row is None:
        return
    at = now()
    db.execute(sa.update(EmailMessage).where(col(EmailMessage.id) == letter_id).values(due_at=at))
    record_statement(db, Act.CHANGE, "letter", letter_id, before={"due_at": row.due_at}, after={"due_at": at})
    enqueue_jobs(db, LETTER, [letter_id])


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
