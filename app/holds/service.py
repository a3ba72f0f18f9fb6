"""Holds: opened on a person's certificates, lifted by a named person, read where a certificate is decided (BR-19).

Opening one locks the enrolments that it holds, as the decision to issue does (``certificates/issuing``): a certificate
is issued before a hold is opened, or not at all.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.holds import rules
from app.holds.enums import HoldKind, HoldSort, HoldState
from app.holds.models import Hold, HoldLift
from app.holds.schemas import (
    HoldPage,
    HoldRef,
    HoldsApiQuery,
    HoldShown,
    HoldsQuery,
    LiftHold,
    NewHold,
    OpenHold,
    Opening,
)
from app.network.models import College
from app.network.schemas import CollegeShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import NAMES, Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.messages.i18n import local, t
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import second_person
from app.platform.security.permissions import P

_END = aliased(HoldLift)
IS_OPEN = ~sa.exists().where(col(_END.hold_id) == Hold.id)
"""The condition that nobody has lifted a hold."""

ON_ENROLMENT = (
    (col(Hold.person_id) == Enrolment.person_id)
    & (col(Hold.college_id) == Enrolment.college_id)
    & (col(Hold.enrolment_id).is_(None) | (col(Hold.enrolment_id) == Enrolment.id))
)
"""The condition that a hold forbids the certificates of an enrolment."""


def held() -> ColumnElement[bool]:
    """Return the condition that a hold is open on an enrolment."""
    return sa.exists().where(ON_ENROLMENT, IS_OPEN).correlate(Enrolment)


def open_holds(db: Session, enrolment_ids: Collection[int]) -> dict[int, list[OpenHold]]:
    """Return the open holds that forbid the certificates of these enrolments, by enrolment."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(col(Enrolment.id), col(Hold.kind), col(Hold.opened_at), col(College.timezone))
        .join(Hold, ON_ENROLMENT)
        .join(College, col(College.id) == Hold.college_id)
        .where(col(Enrolment.id) == sa.any_(sa.literal(list(enrolment_ids), sa.ARRAY(sa.Integer))), IS_OPEN)
        .order_by(col(Hold.id))
    )
    found: dict[int, list[OpenHold]] = defaultdict(list)
    for enrolment_id, kind, opened_at, zone in db.execute(statement):
        found[enrolment_id].append(OpenHold(kind=kind, opened_on=local(opened_at, zone).date()))
    return found


# Opening and lifting -----------------------------------------------------------------------------


def open_formality(db: Session, actor: Actor, enrolment: EnrolmentRef, command: NewHold) -> HoldShown:
    """Open a hold for a formality of the college, on an enrolment or on all the person's certificates there."""
    opening = Opening(
        college_id=enrolment.college_id,
        person_id=enrolment.person_id,
        kind=HoldKind.FORMALITY,
        reason=command.reason,
        enrolment_id=None if command.whole_college else enrolment.id,
    )
    return _shown(db, actor, col(Hold.id) == open_hold(db, actor, opening))[0]


def open_hold(db: Session, actor: Actor, opening: Opening) -> int:
    """Open a hold for another feature, tell the person, and return its id."""
    lock_enrolments(db, opening.college_id, opening.person_id)
    row = Hold(
        college_id=opening.college_id,
        person_id=opening.person_id,
        enrolment_id=opening.enrolment_id,
        kind=opening.kind,
        reason=opening.reason,
        opened_at=now(),
        opened_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    _tell(db, Kind.HOLD_OPENED, row)
    return row.id


def lift(db: Session, actor: Actor, ref: HoldRef, command: LiftHold) -> HoldShown:
    """Lift a hold by hand, with a reason; nothing of it is erased.

    Raises ``Conflict("hold_not_lifted")`` when it was already, or when the decision that it waits for lifts it;
    ``Forbidden("second_person_needed")`` when another person than the one who revoked has to.
    """
    _lift(db, actor, ref, command.reason, by_hand=True)
    return load_hold(db, actor, ref)


def lift_decided(db: Session, actor: Actor, hold_id: int, reason: str) -> None:
    """Lift a hold by the decision that it waited for; raise ``Conflict("hold_not_lifted")`` if it was already."""
    _lift(db, actor, HoldRef.model_validate(db.get_one(Hold, hold_id)), reason, by_hand=False)


def _lift(db: Session, actor: Actor, ref: HoldRef, reason: str, *, by_hand: bool) -> None:
    lock_enrolments(db, ref.college_id, ref.person_id)
    lifted = db.execute(sa.select(sa.exists().where(col(HoldLift.hold_id) == ref.id))).scalar_one()
    refused = rules.lift_reasons(ref.kind, lifted=lifted, by_hand=by_hand)
    if refused:
        raise Conflict("hold_not_lifted", *refused)
    if ref.kind in rules.BY_ANOTHER:
        second_person(actor.person_id, ref.opened_by)
    db.add(
        HoldLift(college_id=ref.college_id, hold_id=ref.id, reason=reason, lifted_at=now(), lifted_by=actor.person_id)
    )
    db.flush()
    _tell(db, Kind.HOLD_LIFTED, db.get_one(Hold, ref.id))


def lock_enrolments(db: Session, college_id: int, person_id: int) -> None:
    """Lock a person's enrolments in a college, in id order: no certificate of theirs is decided meanwhile."""
    statement = sa.select(col(Enrolment.id)).where(
        col(Enrolment.college_id) == college_id, col(Enrolment.person_id) == person_id
    )
    db.execute(statement.order_by(col(Enrolment.id)).with_for_update(key_share=True))


def _tell(db: Session, kind: Kind, row: Hold) -> None:
    """Tell the person that a hold was opened or lifted: its kind, in no e-mail its reason."""
    college = db.get_one(College, row.college_id).name
    params = {"college": college, "hold_kind": row.kind.value}
    notify(db, Event(kind, f"hold:{row.id}", [row.person_id], f"/retenues/{row.id}", params, row.college_id))


# Reading -----------------------------------------------------------------------------------------


def see_hold(db: Session, actor: Actor, hold_id: int) -> HoldRef:
    """Return a hold of the actor's college, or on themselves; raise ``NotFound`` for any other."""
    within = scoped(actor, college=Hold.college_id, person=Hold.person_id)
    row = db.execute(sa.select(Hold).where(col(Hold.id) == hold_id, within)).scalar_one_or_none()
    if row is None:
        raise NotFound
    log_access(db, [(row.person_id, row.college_id)])
    return HoldRef.model_validate(row)


def load_hold(db: Session, actor: Actor, ref: HoldRef) -> HoldShown:
    """Return a hold as the actor reads it."""
    [hold] = _shown(db, actor, col(Hold.id) == ref.id)
    return hold


def own_holds(db: Session, actor: Actor) -> tuple[HoldShown, ...]:
    """Return the holds on the actor's own certificates, open and lifted, latest first."""
    return _shown(db, actor, col(Hold.person_id) == actor.person_id)


def holds_on(db: Session, actor: Actor, enrolment: EnrolmentRef) -> tuple[HoldShown, ...]:
    """Return the holds on someone in the college of an enrolment, open and lifted, latest first."""
    person, college = col(Hold.person_id) == enrolment.person_id, col(Hold.college_id) == enrolment.college_id
    return _shown(db, actor, person, college)


def open_holds_for(db: Session, actor: Actor, enrolment: EnrolmentRef) -> tuple[HoldShown, ...]:
    """Return the open holds on an enrolment for a page of it; none for a reader who may not read them."""
    within = scoped(actor.using(P.HOLD_READ), college=Hold.college_id, person=Hold.person_id)
    of_enrolment = col(Hold.enrolment_id).is_(None) | (col(Hold.enrolment_id) == enrolment.id)
    person, college = col(Hold.person_id) == enrolment.person_id, col(Hold.college_id) == enrolment.college_id
    return _shown(db, actor, person, college, of_enrolment, IS_OPEN, within)


ORDERS: Orders = {
    HoldSort.DATE: (col(Hold.opened_at),),
    HoldSort.NAME: (col(Person.search_key),),
}


def list_holds(db: Session, actor: Actor, college: CollegeShown, query: HoldsQuery) -> Page[HoldShown]:
    """Return a page of the holds of a college; the search looks at the names of the people who are held."""
    where = [col(Hold.college_id) == college.id, *NAMES.matches(col(Hold.person_id), query.words, [college.id])]
    if query.etat is not HoldState.ALL:
        where.append(IS_OPEN if query.etat is HoldState.OPEN else ~IS_OPEN)
    if query.nature is not None:
        where.append(col(Hold.kind) == query.nature)
    chosen = sa.select(col(Hold.id)).where(*where)
    if query.sort is HoldSort.NAME:
        chosen = chosen.join(Person, col(Person.id) == Hold.person_id)
    page = fetch_page(db, chosen, query, ORDERS, col(Hold.id))
    ids = sa.literal([row.id for row in page.items], sa.ARRAY(sa.Integer))
    rows = {row[0].id: row for row in db.execute(_statement().where(col(Hold.id) == sa.any_(ids)))}
    _log(db, rows.values())
    return page.map(lambda row: _as_shown(rows[row.id], actor))


def college_holds(db: Session, actor: Actor, college: CollegeShown, query: HoldsApiQuery) -> HoldPage:
    """Return the holds of a college, latest first."""
    where = [col(Hold.college_id) == college.id]
    if query.kind is not None:
        where.append(col(Hold.kind) == query.kind)
    if query.open is not None:
        where.append(IS_OPEN if query.open else ~IS_OPEN)
    statement = _statement().where(*where)
    rows, next_ = fetch_after(db, statement, (), col(Hold.id), after=query.after, limit=query.limit, descending=True)
    _log(db, rows)
    return HoldPage(items=tuple(_as_shown(row, actor) for row in rows), next=next_)


_OPENER, _LIFTER = aliased(Person), aliased(Person)


def _statement() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Hold, HoldLift, Person, _OPENER, _LIFTER, col(Cohort.title))
        .join(Person, col(Person.id) == Hold.person_id)
        .join(_OPENER, col(_OPENER.id) == Hold.opened_by)
        .outerjoin(HoldLift, col(HoldLift.hold_id) == Hold.id)
        .outerjoin(_LIFTER, col(_LIFTER.id) == HoldLift.lifted_by)
        .outerjoin(Enrolment, col(Enrolment.id) == Hold.enrolment_id)
        .outerjoin(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    )


def _shown(db: Session, actor: Actor, *where: ColumnElement[bool]) -> tuple[HoldShown, ...]:
    rows = db.execute(_statement().where(*where).order_by(col(Hold.id).desc())).all()
    return tuple(_as_shown(row, actor) for row in rows)


def _log(db: Session, rows: Collection[Any]) -> None:
    log_access(db, [(row[0].person_id, row[0].college_id) for row in rows])


def _as_shown(row: Any, actor: Actor) -> HoldShown:  # noqa: ANN401 - a row of the statement above
    hold, ended, person, opener, lifter, cohort_title = row
    readable = rules.shows_reason(hold.kind, own=hold.person_id == actor.person_id)
    return HoldShown(
        id=hold.id,
        college_id=hold.college_id,
        person_id=hold.person_id,
        enrolment_id=hold.enrolment_id,
        cohort_title=cohort_title,
        name=person.name,
        kind=hold.kind,
        advice=t(f"hold_advice.{hold.kind.value}"),
        reason=hold.reason if readable else None,
        opened_at=hold.opened_at,
        opened_by=opener.name,
        lifted_at=ended.lifted_at if ended else None,
        lifted_by=lifter.name if lifter else None,
        lift_reason=ended.reason if ended and readable else None,
    )
