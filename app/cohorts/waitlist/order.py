"""The order of a waitlist: who comes first for a reason, then by the moment of the application."""

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Application, Enrolment
from app.cohorts.waitlist.models import WaitlistPriority
from app.platform.database.session import Session


def is_current() -> ColumnElement[bool]:
    """Return the condition that an application is the person's last one to the cohort."""
    later = aliased(Application)
    return ~sa.exists().where(
        col(later.enrolment_id) == Application.enrolment_id, col(later.id) > Application.id
    ).correlate(Application)


def comes_first() -> ColumnElement[bool]:
    """Return whether a coordinator let someone come first, since their present application."""
    last = (
        sa.select(col(WaitlistPriority.is_first))
        .where(
            col(WaitlistPriority.enrolment_id) == Enrolment.id,
            col(WaitlistPriority.decided_at) >= Application.received_at,
        )
        .order_by(col(WaitlistPriority.id).desc())
        .limit(1)
        .correlate(Enrolment, Application)
        .scalar_subquery()
    )
    return func.coalesce(last, sa.false())


def waiting(cohort_id: int) -> sa.Subquery:
    """Return the people on a cohort's waitlist: ``id`` of the enrolment, ``person_id``, ``received_at``, ``is_first``.

    ``place`` is the order of the list. ``position`` counts from 1 those to whom a seat may be offered, and is null for
    who follows the path in another cohort, of any college: they are passed over while it lasts (BR-05), and keep
    their place.
    """
    people = (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.person_id),
            col(Application.received_at),
            comes_first().label("is_first"),
            col(Enrolment.id).in_(sa.select(func.enrolled_elsewhere(cohort_id))).label("is_passed_over"),
        )
        .join(Application, (col(Application.enrolment_id) == Enrolment.id) & is_current())
        .where(col(Enrolment.cohort_id) == cohort_id, col(Enrolment.state) == EnrolmentState.WAITLISTED)
        .subquery()
    )
    in_order = (people.c.is_first.desc(), people.c.received_at, people.c.id)
    counted = func.count().filter(~people.c.is_passed_over).over(order_by=in_order)
    return sa.select(
        people.c.id,
        people.c.person_id,
        people.c.received_at,
        people.c.is_first,
        func.row_number().over(order_by=in_order).label("place"),
        sa.case((~people.c.is_passed_over, counted)).label("position"),
    ).subquery()


def position_of(db: Session, cohort_id: int, enrolment_id: int) -> tuple[int | None, int]:
    """Return someone's position on a cohort's waitlist, ``None`` when they have none, and how many have one."""
    people = waiting(cohort_id)
    own = func.max(people.c.position).filter(people.c.id == enrolment_id)
    position, waits = db.execute(sa.select(own, func.count(people.c.position))).one()
    return position, waits


def waiting_ids(db: Session, cohort_id: int, *, limit: int | None = None) -> list[int]:
    """Return the first enrolments of a cohort's waitlist to whom a seat may be offered, in its order."""
    people = waiting(cohort_id)
    statement = sa.select(people.c.id).where(people.c.position.is_not(None)).order_by(people.c.place)
    return list(db.execute(statement.limit(limit)).scalars())
