"""The signatories of a college's certificates: the days on which they sign, their ends and their returns."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from app.certificates.branding.models import Signatory, SignatoryChange
from app.certificates.branding.schemas import (
    NewSignatory,
    SignatoryChangeCommand,
    SignatoryChangeShown,
    SignatoryList,
    SignatoryRef,
    SignatoryShown,
)
from app.certificates.rules import issue_date
from app.certificates.schemas import PrintedSignatory
from app.network.schemas import CollegeShown
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.security.actor import Actor

MAX_SIGNATORIES = 4
"""The most signatories on one document."""


def add_signatory(db: Session, college: CollegeShown, command: NewSignatory) -> SignatoryShown:
    """Add a signatory from a day on, or between two days; issued certificates do not change.

    Raises ``Invalid`` when it ends before it begins, ``Conflict("signatory_exists")``.
    """
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Invalid("invalid", Reason("ends_before_start", field="valid_to"))
    same = select(Signatory.id).where(
        Signatory.college_id == college.id,
        Signatory.name == command.name,
        Signatory.title == command.title,
        Signatory.valid_from == command.valid_from,
    )
    if db.exec(same).first() is not None:
        raise Conflict("signatory_exists", Reason("signatory_exists", field="name"))
    row = Signatory(college_id=college.id, **command.model_dump())
    db.add(row)
    db.flush()
    return SignatoryShown.model_validate(row)


def end_signatory(db: Session, actor: Actor, ref: SignatoryRef, command: SignatoryChangeCommand) -> SignatoryShown:
    """End a signatory at once: what is issued from now on is without them; issued certificates do not change.

    Waits for the certificates that are being issued with them. Raises ``Conflict("signatory_ended")``.
    """
    row = _lock(db, ref)
    if row.ended_at is not None:
        raise Conflict("signatory_ended")
    row.ended_at = now()
    return _record(db, actor, row, command, is_end=True)


def take_back(db: Session, actor: Actor, ref: SignatoryRef, command: SignatoryChangeCommand) -> SignatoryShown:
    """Let an ended signatory sign again, on their days; raise ``Conflict("signatory_not_ended")``."""
    row = _lock(db, ref)
    if row.ended_at is None:
        raise Conflict("signatory_not_ended")
    row.ended_at = None
    return _record(db, actor, row, command, is_end=False)


def _lock(db: Session, ref: SignatoryRef) -> Signatory:
    locked = select(Signatory).where(Signatory.id == ref.id).with_for_update(key_share=True)
    return db.exec(locked.execution_options(populate_existing=True)).one()


def _record(
    db: Session, actor: Actor, row: Signatory, command: SignatoryChangeCommand, *, is_end: bool
) -> SignatoryShown:
    db.add(row)
    db.add(
        SignatoryChange(
            college_id=row.college_id,
            signatory_id=row.id,
            is_end=is_end,
            changed_at=now(),
            changed_by=actor.person_id,
            reason=command.reason,
        )
    )
    db.flush()
    return _shown(row, _changes(db, col(SignatoryChange.signatory_id) == row.id)[row.id])


def list_signatories(db: Session, college: CollegeShown) -> SignatoryList:
    """Return the college's signatories in order of print, past and future ones included; the ended ones apart."""
    rows = db.exec(
        select(Signatory).where(Signatory.college_id == college.id).order_by(col(Signatory.position), col(Signatory.id))
    ).all()
    changes = _changes(db, col(SignatoryChange.college_id) == college.id)
    shown = [_shown(row, changes[row.id]) for row in rows]
    today = issue_date(now(), college.timezone)
    return SignatoryList(
        items=tuple(one for one in shown if one.ended_at is None),
        ended=tuple(one for one in shown if one.ended_at is not None),
        nobody_signs=not signatories_on(db, college.id, today),
    )


def _shown(row: Signatory, changes: Iterable[SignatoryChangeShown]) -> SignatoryShown:
    return SignatoryShown.model_validate(row).model_copy(update={"changes": tuple(changes)})


def _changes(db: Session, which: ColumnElement[bool]) -> dict[int, list[SignatoryChangeShown]]:
    """Return some of the ends and returns of signatories, oldest first, by signatory."""
    statement = (
        select(SignatoryChange, Person)
        .join(Person, col(Person.id) == SignatoryChange.changed_by)
        .where(which)
        .order_by(col(SignatoryChange.id))
    )
    changes: dict[int, list[SignatoryChangeShown]] = defaultdict(list)
    for change, person in db.exec(statement):
        shown = SignatoryChangeShown(
            is_end=change.is_end, changed_at=change.changed_at, changed_by=person.name, reason=change.reason
        )
        changes[change.signatory_id].append(shown)
    return changes


def ended_between(db: Session, college_id: int, start: datetime, end: datetime | None) -> tuple[str, ...]:
    """Return the names of the signatories that were ended after a moment, until another or now, in order of print."""
    statement = select(Signatory.name).where(Signatory.college_id == college_id, col(Signatory.ended_at) > start)
    if end is not None:
        statement = statement.where(col(Signatory.ended_at) <= end)
    return tuple(db.exec(statement.order_by(col(Signatory.position), col(Signatory.id))))


def signatories_on(db: Session, college_id: int, day: date, *, to_sign: bool = False) -> tuple[PrintedSignatory, ...]:
    """Return the signatories of a day, in order of print, four at most.

    ``to_sign`` keeps them from being ended until the transaction ends.
    """
    active = (
        select(Signatory)
        .where(
            Signatory.college_id == college_id,
            col(Signatory.ended_at).is_(None),
            col(Signatory.valid_from) <= day,
            or_(col(Signatory.valid_to).is_(None), col(Signatory.valid_to) >= day),
        )
        .order_by(col(Signatory.position), col(Signatory.id))
        .limit(MAX_SIGNATORIES)
    )
    if to_sign:
        active = active.with_for_update(read=True)
    return tuple(PrintedSignatory.model_validate(row) for row in db.exec(active))
