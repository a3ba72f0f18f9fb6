"""The order of a waitlist: who comes first for a reason, then by the moment of the application."""

from typing import Any

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


def waiting(cohort_id: int, *columns: Any) -> sa.Select[*tuple[Any, ...]]:  # noqa: ANN401 - columns of any type
    """Return the statement of the people on a cohort's waitlist, in its order: enrolment id, whether first, more."""
    first = comes_first()
    return (
        sa.select(col(Enrolment.id), first.label("is_first"), *columns)
        .select_from(Enrolment)
        .join(Application, (col(Application.enrolment_id) == Enrolment.id) & is_current())
        .where(col(Enrolment.cohort_id) == cohort_id, col(Enrolment.state) == EnrolmentState.WAITLISTED)
        .order_by(first.desc(), col(Application.received_at), col(Enrolment.id))
    )


def waiting_ids(db: Session, cohort_id: int) -> list[int]:
    """Return the enrolments on a cohort's waitlist, in its order."""
    return [row.id for row in db.execute(waiting(cohort_id))]
