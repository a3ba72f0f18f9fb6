"""The history of an enrolment's states, append-only (BR-04)."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from app.cohorts.enrolments.notices import tell_move
from app.cohorts.enrolments.schemas import EnrolmentRef, MoveShown
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment, EnrolmentMove
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session


def record_move(
    db: Session,
    row: Enrolment,
    before: EnrolmentState | None,
    *,
    by: int | None,
    reason: str | None = None,
    exceptions: Iterable[str] = (),
    until: datetime | None = None,
) -> None:
    """Add the change of a state that was just written, and tell the person; ``by`` is ``None`` for what no person did.

    ``exceptions`` are the codes of what the reason made an exception to; ``until`` is when the offer of a seat expires.
    """
    move = EnrolmentMove(
        college_id=row.college_id,
        enrolment_id=row.id,
        from_state=before,
        to_state=row.state,
        moved_at=now(),
        moved_by=by,
        reason=reason,
        exceptions=list(exceptions),
    )
    db.add(move)
    db.flush()
    tell_move(db, row, move, until=until)


def moves(db: Session, enrolment: EnrolmentRef) -> list[MoveShown]:
    """Return the changes of an enrolment's state, oldest first."""
    statement = (
        select(EnrolmentMove, Person)
        .outerjoin(Person, col(Person.id) == EnrolmentMove.moved_by)
        .where(EnrolmentMove.enrolment_id == enrolment.id)
        .order_by(col(EnrolmentMove.id))
    )
    return [
        MoveShown(
            from_state=m.from_state,
            to_state=m.to_state,
            moved_at=m.moved_at,
            by=p.name if p is not None else None,
            reason=m.reason,
            exceptions=tuple(m.exceptions),
        )
        for m, p in db.exec(statement).all()
    ]
