"""The roll calls of a session, in force and superseded: who closed each, why, and the lines that it corrected."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import col, select

from app.attendance.calendar.schemas import SessionRef
from app.attendance.roll_calls.enums import RollCallSort
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.attendance.roll_calls.rules import corrected_lines
from app.attendance.roll_calls.schemas import (
    ClosedRollCall,
    EntryCorrected,
    PastRollCall,
    PastRollCallPage,
    PastRollCallsApiQuery,
    PastRollCallsQuery,
    Presence,
)
from app.cohorts.models import Enrolment
from app.people.models import Person
from app.platform.database.paging import Orders, Rows, contains_words, fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.paging import Page

LATEST = 3
"""How many roll calls the page of the roll shows; the others are on a page of their own."""

_CLOSED = (col(RollCall.closed_at),)
ORDERS: Orders = {RollCallSort.CLOSED: _CLOSED}


def history(db: Session, session: SessionRef, query: PastRollCallsApiQuery) -> PastRollCallPage:
    """Return the roll calls of a session, newest first."""
    rows, next_ = fetch_after(
        db, _calls(session), _CLOSED, col(RollCall.id), after=query.after, limit=query.limit, descending=True
    )
    return PastRollCallPage(items=tuple(_with_lines(db, rows)), next=next_)


def list_history(db: Session, session: SessionRef, query: PastRollCallsQuery) -> Page[PastRollCall]:
    """Return a page of the roll calls of a session; the search looks at the reasons and at who closed them."""
    reason = folded(func.coalesce(col(RollCall.reason), "")) + " " + col(Person.search_key)
    statement = _calls(session).where(*contains_words(reason, query.words))
    page = fetch_page(db, statement, query, ORDERS, col(RollCall.id))
    shown = {call.id: call for call in _with_lines(db, page.items)}
    return page.map(lambda row: shown[row[0].id])


def closed_roll_calls(db: Session, session: SessionRef) -> tuple[ClosedRollCall, ...]:
    """Return who closed each roll call of a session and when, oldest first, without reading any of its lines."""
    rows = db.execute(_calls(session).order_by(col(RollCall.id)))
    return tuple(ClosedRollCall(id=call.id, closed_at=call.closed_at, closed_by=closer.name) for call, closer in rows)


def _calls(session: SessionRef) -> Rows:
    """Return the statement of the roll calls of a session, with who closed each."""
    return (
        sa.select(RollCall, Person)
        .join(Person, col(Person.id) == col(RollCall.closed_by))
        .where(col(RollCall.session_id) == session.id)
    )


Lines = dict[int, dict[int, Presence]]
"""The presences of each roll call, by enrolment."""


def _with_lines(db: Session, rows: Sequence[Any]) -> list[PastRollCall]:
    """Return some roll calls, each correction with the lines that it changed in the one that it supersedes."""
    corrections = [call for call, _ in rows if call.supersedes_id is not None]
    lines, names = _lines(db, {id_ for call in corrections for id_ in (call.id, call.supersedes_id)})
    return [
        PastRollCall(
            id=call.id,
            closed_at=call.closed_at,
            closed_by=closer.name,
            reason=call.reason,
            corrected=tuple(
                EntryCorrected(enrolment_id=enrolment_id, name=names[enrolment_id], before=before, after=after)
                for enrolment_id, (before, after) in _corrected(lines, call).items()
            ),
        )
        for call, closer in rows
    ]


def _corrected(lines: Lines, call: RollCall) -> dict[int, tuple[Presence | None, Presence | None]]:
    """Return what a roll call corrected in the one before; nothing for the first."""
    return corrected_lines(lines[call.supersedes_id], lines[call.id]) if call.supersedes_id is not None else {}


def _lines(db: Session, calls: set[int]) -> tuple[Lines, dict[int, str]]:
    """Return the presences of some roll calls, in the order of names, and the name of each enrolment."""
    lines: Lines = defaultdict(dict)
    names: dict[int, str] = {}
    if not calls:
        return lines, names
    statement = (
        select(RollCallEntry, Person)
        .join(Enrolment, col(Enrolment.id) == RollCallEntry.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(RollCallEntry.roll_call_id).in_(calls))
        .order_by(Person.search_key, col(RollCallEntry.id))
    )
    for entry, person in db.exec(statement).all():
        lines[entry.roll_call_id][entry.enrolment_id] = Presence.model_validate(entry)
        names[entry.enrolment_id] = person.name
    return lines, names
