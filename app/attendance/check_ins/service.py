"""Self check-in: open and close it, show its code, check in, read who did; the roll call confirms what it says."""

import base64

import sqlalchemy as sa
from sqlmodel import col, select

from app.attendance.calendar.models import ScheduledSession
from app.attendance.calendar.schemas import SessionRef
from app.attendance.calendar.service import WRITTEN, is_called, session_ref
from app.attendance.check_ins.models import CheckIn, CheckInOpening
from app.attendance.check_ins.rules import (
    MODES,
    check_in_time,
    closed_reasons,
    code_at,
    is_code_of,
    is_time_to_check_in,
    proposed_presence,
    seconds_left,
)
from app.attendance.check_ins.schemas import (
    CheckInCommand,
    CheckInShown,
    CheckInState,
    OpenCheckIn,
    OwnCheckIn,
    OwnCheckInRef,
)
from app.attendance.roll_calls.rules import Schedule
from app.attendance.roll_calls.service import count_on_roll
from app.cohorts.lifecycle.service import effects_of
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import FOLLOWING
from app.cohorts.service import require_not_archived
from app.curricula.library import curriculum_of
from app.network.venues.models import Venue
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import KeyPurpose, Keyring
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account, of_address


class WrongCheckInCode(Invalid):
    """A code that is not shown, or no longer (422): such attempts are counted."""

    code = "wrong_check_in_code"


# For whoever calls the roll ---------------------------------------------------------------------


def open_check_in(db: Session, keyring: Keyring, actor: Actor, session: SessionRef, command: OpenCheckIn) -> None:
    """Open the check-in of a session; one that is open stays as it is.

    Raises ``Conflict``: ``session_cancelled``, ``check_in_roll_called``, ``check_in_not_now``, ``cohort_archived``.
    """
    require_not_archived(db.get_one(Cohort, session.cohort_id))
    row = db.get_one(ScheduledSession, session.id, with_for_update={"key_share": True}, populate_existing=True)
    _refuse_closed(db, session.model_copy(update=row.model_dump(include=WRITTEN)))  # as it is: it may have moved since
    if _open(db, session.id) is not None:
        return
    db.add(
        CheckInOpening(
            college_id=session.college_id,
            session_id=session.id,
            opened_at=now(),
            opened_by=actor.person_id,
            grace_minutes=command.grace_minutes,
            key_version=keyring.current,
        )
    )
    db.flush()


def close_check_in(db: Session, actor: Actor, session: SessionRef) -> None:
    """Close the check-in of a session: its code is taken no longer; one that is closed stays so."""
    if (opening := _open(db, session.id)) is not None:
        opening.closed_at, opening.closed_by = now(), actor.person_id
        db.add(opening)
        db.flush()


def check_in_state(db: Session, keyring: Keyring, session: SessionRef, *, site: str) -> CheckInState:
    """Return the check-in of a session: its code while people can check in, and who did."""
    at = now()
    obstacles = _obstacles(db, session)
    opening = None if obstacles else _open(db, session.id)
    is_open = opening is not None
    return CheckInState(
        is_open=is_open,
        can_open=not obstacles,
        obstacles=effects_of(obstacles),
        grace_minutes=opening.grace_minutes if opening is not None else None,
        code=code_at(_secret(keyring, opening), at) if opening is not None else None,
        code_until=at.fromtimestamp(int(at.timestamp()) + seconds_left(at), at.tzinfo) if is_open else None,
        address=f"{site}{own_page(session.id)}" if is_open else None,
        expected=count_on_roll(db, session),
        check_ins=check_ins(db, session),
    )


def check_ins(db: Session, session: SessionRef) -> tuple[CheckInShown, ...]:
    """Return who checked in to a session as it is planned now, by name, each with the presence that it proposes."""
    statement = (
        select(CheckIn, CheckInOpening.grace_minutes, Person)
        .join(CheckInOpening, col(CheckInOpening.id) == CheckIn.opening_id)
        .join(Enrolment, col(Enrolment.id) == CheckIn.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(_counts(session))
        .order_by(Person.search_key, col(CheckIn.id))
    )
    # moved there and back, a session may have two of a person: each is listed with the first
    first = {row.enrolment_id: (row, grace, person) for row, grace, person in reversed(db.exec(statement).all())}
    schedule = Schedule(session.starts_at, session.planned_minutes)
    return tuple(
        CheckInShown(
            enrolment_id=row.enrolment_id,
            name=person.name,
            checked_in_at=row.checked_in_at,
            mode=row.mode,
            **proposed_presence(row.checked_in_at, schedule, grace)._asdict(),
        )
        for row, grace, person in reversed(first.values())
    )


def own_page(session_id: int) -> str:
    """Return the page where someone checks in to a session."""
    return f"/seances/{session_id}/presence"


def offers_check_in(db: Session, actor: Actor, session: SessionRef) -> bool:
    """Return whether the actor can check in to a session just now: its page then says so."""
    if not is_time_to_check_in(Schedule(session.starts_at, session.planned_minutes), now()):
        return False
    try:
        own = see_own_check_in(db, actor.using(P.ACTIVITY_DO), session.id)
    except NotFound:
        return False
    return own_check_in(db, own).is_open


# For someone on the roll ------------------------------------------------------------------------


def see_own_check_in(db: Session, actor: Actor, session_id: int) -> OwnCheckInRef:
    """Return a session whose roll the actor is on, as a participant; raise ``NotFound`` otherwise."""
    statement = (
        sa.select(ScheduledSession, Venue, Enrolment)
        .join(Enrolment, col(Enrolment.cohort_id) == ScheduledSession.cohort_id)
        .outerjoin(Venue, col(Venue.id) == ScheduledSession.venue_id)
        .where(
            col(ScheduledSession.id) == session_id,
            col(Enrolment.state).in_(FOLLOWING),
            scoped(actor, college=Enrolment.college_id, person=Enrolment.person_id),
        )
    )
    found = db.execute(statement).first()
    if found is None:
        raise NotFound
    row, venue, enrolment = found
    if enrolment.joined_on is None or enrolment.joined_on > local(row.starts_at, row.timezone).date():
        raise NotFound
    return OwnCheckInRef(
        session=session_ref(row, venue),
        activity_title=curriculum_of(enrolment).activity(row.activity_code).title.text,
        enrolment_id=enrolment.id,
        person_id=actor.person_id,
    )


def own_check_in(db: Session, own: OwnCheckInRef) -> OwnCheckIn:
    """Return the actor's own check-in to a session, and whether they can check in now."""
    row = _made(db, own)
    is_open = not _obstacles(db, own.session) and _open(db, own.session.id) is not None
    return _own(db, own, row, is_open=is_open)


def check_in(db: Session, keyring: Keyring, own: OwnCheckInRef, command: CheckInCommand, *, origin: str) -> OwnCheckIn:
    """Check in to a session with the code of the moment; once only, unless it was moved: again, it stays as it was.

    Raises ``Conflict`` as :func:`open_check_in` does, or ``check_in_closed`` while nobody opened it,
    ``WrongCheckInCode``, and ``TooMany`` after ten wrong codes of the person.
    """
    db.get_one(Enrolment, own.enrolment_id, with_for_update={"key_share": True})  # so that it checks in once
    require_not_archived(db.get_one(Cohort, own.session.cohort_id))
    if (made := _made(db, own)) is not None:
        return _own(db, own, made, is_open=True)
    session, at = own.session, now()
    _refuse_closed(db, session)
    opening = _open(db, session.id)
    if opening is None:
        raise Conflict("check_in_closed", Reason("check_in_closed"))
    subjects = of_account(f"check-in {own.person_id}"), of_address(origin)
    with limited_attempt(db, keyring, RateLimitScope.CHECK_IN, *subjects, wrong=WrongCheckInCode):
        if not is_code_of(_secret(keyring, opening), command.code.replace(" ", ""), at):
            raise WrongCheckInCode(None, Reason("wrong_check_in_code", field="code"))
    modes = MODES[session.mode]
    mode = command.mode or modes[0]
    if mode not in modes:
        raise Invalid("invalid", Reason("mode_not_of_session", field="mode"))
    row = CheckIn(
        college_id=session.college_id,
        opening_id=opening.id,
        session_id=session.id,
        enrolment_id=own.enrolment_id,
        checked_in_at=at,
        mode=mode,
    )
    db.add(row)
    db.flush()
    return _own(db, own, row, is_open=True)


def _own(db: Session, own: OwnCheckInRef, row: CheckIn | None, *, is_open: bool) -> OwnCheckIn:
    modes = MODES[own.session.mode]
    if row is None:
        return OwnCheckIn(is_open=is_open, modes=modes, checked_in_at=None, mode=None, status=None, arrived_at=None)
    grace = db.get_one(CheckInOpening, row.opening_id).grace_minutes
    schedule = Schedule(own.session.starts_at, own.session.planned_minutes)
    presence = proposed_presence(row.checked_in_at, schedule, grace)
    return OwnCheckIn(
        is_open=is_open, modes=modes, checked_in_at=row.checked_in_at, mode=row.mode, **presence._asdict()
    )


def _made(db: Session, own: OwnCheckInRef) -> CheckIn | None:
    made = select(CheckIn).where(_counts(own.session), CheckIn.enrolment_id == own.enrolment_id)
    return db.exec(made.order_by(col(CheckIn.id))).first()


def _counts(session: SessionRef) -> sa.ColumnElement[bool]:
    """Return the condition that a check-in is one to the session as it is planned now, not before it was moved."""
    begin, end = check_in_time(Schedule(session.starts_at, session.planned_minutes))
    at = col(CheckIn.checked_in_at)
    return (col(CheckIn.session_id) == session.id) & (at >= begin) & (at < end)


def _open(db: Session, session_id: int) -> CheckInOpening | None:
    """Return the opening of a session that nobody closed."""
    is_open = select(CheckInOpening).where(
        CheckInOpening.session_id == session_id, col(CheckInOpening.closed_at).is_(None)
    )
    return db.exec(is_open).first()


def _obstacles(db: Session, session: SessionRef) -> list[Reason]:
    """Return why nobody can check in to a session just now, whether someone opened it or not."""
    schedule = Schedule(session.starts_at, session.planned_minutes)
    cancelled = session.cancelled_at is not None
    return closed_reasons(schedule, now(), cancelled=cancelled, called=is_called(db, session.id))


def _refuse_closed(db: Session, session: SessionRef) -> None:
    if reasons := _obstacles(db, session):
        raise Conflict(reasons[0].code, *reasons)


def _secret(keyring: Keyring, opening: CheckInOpening) -> str:
    """Return the secret of an opening's codes, in base 32: nothing in the database tells it."""
    mac = keyring.mac(KeyPurpose.CHECK_IN, f"opening {opening.id}".encode(), version=opening.key_version)
    return base64.b32encode(bytes.fromhex(mac)).decode()
