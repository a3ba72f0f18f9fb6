"""Field hours: declared by the participant, accepted or refused by someone else, later decisions superseding."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.field_hours.rules import countersign_reasons, hours_reasons, mandate_reasons
from app.accompaniment.field_hours.schemas import (
    CountersignCommand,
    HoursCommand,
    HoursPage,
    HoursQuery,
    HoursShown,
    HoursSort,
    HoursState,
)
from app.accompaniment.interests.service import concerned
from app.accompaniment.mandates.models import Mandate
from app.accompaniment.mandates.schemas import MandateRef
from app.accompaniment.mandates.service import mandates_of
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.curricula.library import curriculum_of
from app.learning.activities.service import lock_activity
from app.network.schemas import CollegeShown
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.people.models import NAMES, Person
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, count_rows, fetch_after, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound, Reason, refuse_unless
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped


def declare_hours(db: Session, actor: Actor, enrolment: EnrolmentRef, command: HoursCommand) -> tuple[HoursShown, bool]:
    """Return the declared hours and whether they are new.

    The same declaration of the same day sent again is the first one, unless that was refused.
    """
    note = command.note or ""
    context = lock_activity(db, enrolment, command.activity_code)
    declared = [h for h in hours_of(db, enrolment) if h.activity_code == command.activity_code]
    not_refused = [h for h in declared if h.state is not HoursState.REFUSED]
    same = (command.worked_on, command.minutes, command.mandate_id, note)
    repeated = next((h for h in not_refused if (h.worked_on, h.minutes, h.mandate_id, h.note) == same), None)
    if repeated is not None:
        return repeated, False
    reasons = hours_reasons(
        context, minutes=command.minutes, worked_on=command.worked_on, counted=sum(h.minutes for h in not_refused)
    )
    own = {mandate.id for mandate in mandates_of(db, enrolment)}
    refuse_unless(*reasons, *mandate_reasons(command.mandate_id, own), code="invalid")
    row = FieldHours(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        declared_at=now(),
        declared_by=actor.person_id,
        note=note,
        **command.model_dump(exclude={"note"}),
    )
    db.add(row)
    db.flush()
    return _load_hours(db, FieldHours.id == row.id)[0], True


def hours_of(db: Session, enrolment: EnrolmentRef) -> list[HoursShown]:
    """Return the hours that an enrolment declared, oldest first."""
    return _load_hours(db, FieldHours.enrolment_id == enrolment.id)


def hours_under(db: Session, actor: Actor, mandate: MandateRef) -> list[HoursShown]:
    """Return the hours declared under a mandate, oldest first: those of its advisors that the actor reaches."""
    within = scoped(actor, college=FieldHours.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    hours = _load_hours(db, FieldHours.mandate_id == mandate.id, within)
    log_access(db, [(h.person_id, h.college_id) for h in hours], Part.HOURS)
    return hours


def hours_to_countersign(
    db: Session, actor: Actor, college: CollegeShown, *, after: int | None = None, limit: int = PAGE_SIZE
) -> HoursPage:
    """Return the hours of a college that nobody has decided on, oldest first."""
    statement = _undecided(scoped(actor, college=FieldHours.college_id), FieldHours.college_id == college.id)
    rows, next_ = fetch_after(
        db, statement, (col(FieldHours.declared_at),), col(FieldHours.id), after=after, limit=limit
    )
    pending = tuple(map(_hours_shown, rows))
    log_access(db, [(hours.person_id, hours.college_id) for hours in pending], Part.HOURS)
    return HoursPage(items=pending, next=next_)


def _undecided(*where: Any) -> sa.Select[*tuple[Any, ...]]:  # noqa: ANN401 - clauses of two libraries
    return _select(~col(FieldHours.decided), *where)


ORDERS: Orders = {
    HoursSort.DECLARED: (col(FieldHours.declared_at),),
    HoursSort.WORKED: (col(FieldHours.worked_on),),
    HoursSort.NAME: (col(Person.search_key),),
}


def list_hours_to_countersign(db: Session, actor: Actor, query: HoursQuery) -> Page[HoursShown]:
    """Return a page of the hours within reach that nobody has decided on; the search looks at names."""
    within = scoped(actor, college=FieldHours.college_id)
    statement = _undecided(within, *NAMES.matches(col(Enrolment.person_id), query.words, actor.colleges))
    page = fetch_page(db, statement, query, ORDERS, col(FieldHours.id)).map(_hours_shown)
    log_access(db, [(hours.person_id, hours.college_id) for hours in page.items], Part.HOURS)
    return page


def count_hours_to_countersign(db: Session, actor: Actor) -> int:
    """Return how many hours :func:`list_hours_to_countersign` lists."""
    is_left = ~col(FieldHours.decided) & scoped(actor, college=FieldHours.college_id)
    return count_rows(db, sa.select(col(FieldHours.id)).where(is_left), col(FieldHours.id))


def see_hours(db: Session, actor: Actor, hours_id: int) -> HoursShown:
    """Return declared hours within the actor's reach; raise ``NotFound`` for any others."""
    within = scoped(actor, college=FieldHours.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    hours = next(iter(_load_hours(db, FieldHours.id == hours_id, within)), None)
    if hours is None:
        raise NotFound
    return hours


def _load_hours(db: Session, *where: Any) -> list[HoursShown]:  # noqa: ANN401 - clauses of two libraries
    statement = _select(*where).order_by(col(FieldHours.declared_at), col(FieldHours.id))
    return [_hours_shown(row) for row in db.execute(statement).all()]


def _select(*where: Any) -> sa.Select[*tuple[Any, ...]]:  # noqa: ANN401
    decider = aliased(Person)
    return (
        sa.select(FieldHours, Enrolment, Cohort, Person, Mandate, Enterprise, Countersignature, decider)
        .select_from(FieldHours)
        .join(Enrolment, col(Enrolment.id) == FieldHours.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .outerjoin(Mandate, col(Mandate.id) == FieldHours.mandate_id)
        .outerjoin(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .outerjoin(
            Countersignature, (col(Countersignature.field_hours_id) == FieldHours.id) & not_superseded(Countersignature)
        )
        .outerjoin(decider, decider.id == Countersignature.decided_by)  # type: ignore[arg-type]
        .where(*where)
    )


_HoursRow: TypeAlias = Row[
    FieldHours, Enrolment, Cohort, Person, Mandate | None, Enterprise | None, Countersignature | None, Person | None
]


def _hours_shown(columns: _HoursRow) -> HoursShown:
    row, enrolment, cohort, person, mandate, enterprise, decision, decider = columns
    return HoursShown(
        **row.model_dump(),
        person_id=enrolment.person_id,
        name=person.name,
        cohort_title=cohort.title,
        curriculum_slug=enrolment.curriculum_slug,
        curriculum_version=enrolment.curriculum_version,
        mandate_title=mandate.title if mandate else None,
        enterprise=enterprise.name if enterprise else None,
        state=_state(decision),
        countersignature_id=decision.id if decision else None,
        reason=decision.reason if decision else None,
        decided_at=decision.decided_at if decision else None,
        decided_by=decider.name if decider else None,
    )


def _state(decision: Countersignature | None) -> HoursState:
    if decision is None:
        return HoursState.PENDING
    return HoursState.ACCEPTED if decision.accepted else HoursState.REFUSED


def countersign(db: Session, actor: Actor, hours: HoursShown, command: CountersignCommand) -> HoursShown:
    """Accept or refuse hours, in any state of the enrolment since they were worked.

    Raise ``Conflict`` ``stale`` when someone else decided meanwhile.
    """
    lock = select(Enrolment.id).where(Enrolment.id == hours.enrolment_id).with_for_update(key_share=True)
    db.exec(lock).one()
    declared = _load_hours(db, FieldHours.enrolment_id == hours.enrolment_id)
    current = next(h for h in declared if h.id == hours.id)
    if command.supersedes != current.countersignature_id:
        raise Conflict("stale", Reason("countersignature_stale", field="supersedes"))
    reasons = countersign_reasons(
        curriculum_of(current).activity(current.activity_code),
        accepted=command.accepted,
        reason=command.reason,
        supersedes=command.supersedes is not None,
        own=current.person_id == actor.person_id,
        declared=current.enrolment_id in concerned(db, actor.person_id, [current.enrolment_id]),
        minutes=current.minutes,
        counted=sum(h.minutes for h in declared if _counts_with(h, current)),
    )
    refuse_unless(*reasons, code="invalid")
    row = Countersignature(
        college_id=current.college_id,
        field_hours_id=current.id,
        accepted=command.accepted,
        reason=command.reason,
        decided_at=now(),
        decided_by=actor.person_id,
        supersedes_id=command.supersedes,
    )
    db.add(row)
    db.flush()
    if not command.accepted:
        _tell_refused(db, current, row)
    return _load_hours(db, FieldHours.id == current.id)[0]


def _tell_refused(db: Session, hours: HoursShown, row: Countersignature) -> None:
    """Tell a person that hours of theirs are refused; why is on the page of the activity."""
    params = {"cohort": hours.cohort_title, "minutes": hours.minutes, "worked_on": hours.worked_on}
    page = f"/parcours/{hours.enrolment_id}/activites/{hours.activity_code}"
    notify(db, Event(Kind.HOURS_REFUSED, f"countersignature:{row.id}", [hours.person_id], page, params, row.college_id))


def _counts_with(other: HoursShown, hours: HoursShown) -> bool:
    same = other.activity_code == hours.activity_code and other.id != hours.id
    return same and other.state is not HoursState.REFUSED


def countersign_all(
    db: Session, actor: Actor, hours: Sequence[HoursShown], command: CountersignCommand
) -> list[HoursShown]:
    """Make the same first decision on several declarations, all or none; enrolments are locked in id order."""
    ordered = sorted(hours, key=lambda h: (h.enrolment_id, h.id))
    return [countersign(db, actor, h, command) for h in ordered]
