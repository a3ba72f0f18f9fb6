"""Applications as a coordinator reads them, to answer and answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.conditions.service import who_meets
from app.cohorts.enrolments.schemas import ApplicationPage, ApplicationShown, ApplicationsQuery
from app.cohorts.enums import ApplicationSort, EnrolmentState
from app.cohorts.models import Application, Enrolment
from app.cohorts.rules import MOST_SEATS, PENDING
from app.cohorts.schemas import CohortRef
from app.cohorts.waitlist.order import is_current
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.paging import Orders, contains_words, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page

TO_ANSWER = PENDING | {EnrolmentState.ADMITTED}
AT_ONCE = 50
"""The oldest applications that wait which a page shows: the next ones come as these are answered."""

_RECEIVED = (col(Application.received_at),)
ORDERS: Orders = {ApplicationSort.RECEIVED: _RECEIVED, ApplicationSort.NAME: (col(Person.search_key),)}


@dataclass(frozen=True, slots=True)
class ApplicationsShown:
    """The applications of a cohort on their page."""

    waiting: tuple[ApplicationShown, ...]
    admitted: tuple[ApplicationShown, ...]
    answered: Page[ApplicationShown]


def applications(
    db: Session, cohort: CohortRef, *, after: int | None = None, limit: int = PAGE_SIZE
) -> ApplicationPage:
    """Return the applications to a cohort, oldest first, in whatever state, ``limit`` at a time."""
    rows, next_ = fetch_after(db, _applications(cohort), _RECEIVED, col(Enrolment.id), after=after, limit=limit)
    return ApplicationPage(items=_read(db, cohort, rows), next=next_)


def applications_shown(db: Session, cohort: CohortRef, query: ApplicationsQuery) -> ApplicationsShown:
    """Return the oldest applications that wait, everyone who is admitted, and a page of those that were answered."""
    to_answer = {
        state: db.execute(
            _applications(cohort)
            .where(col(Enrolment.state) == state)
            .order_by(*_RECEIVED, col(Enrolment.id))
            .limit(limit)
        ).all()
        for state, limit in ((EnrolmentState.APPLIED, AT_ONCE), (EnrolmentState.ADMITTED, MOST_SEATS))
    }
    page = _answered(db, cohort, query)
    rows = [*to_answer[EnrolmentState.APPLIED], *to_answer[EnrolmentState.ADMITTED], *page.items]
    shown = {row.id: application for row, application in zip(rows, _read(db, cohort, rows), strict=True)}
    waiting, admitted = (tuple(shown[row.id] for row in of_state) for of_state in to_answer.values())
    return ApplicationsShown(waiting, admitted, page.map(lambda row: shown[row.id]))


def _answered(db: Session, cohort: CohortRef, query: ApplicationsQuery) -> Page[Any]:
    """Return a page of the applications that were answered and ask for nothing more."""
    states = [query.etat] if query.etat else [state for state in EnrolmentState if state not in TO_ANSWER]
    statement = _applications(cohort).where(
        col(Enrolment.state).in_(states),
        col(Enrolment.state).not_in(TO_ANSWER),
        *contains_words(col(Person.search_key), query.words),
    )
    return fetch_page(db, statement, query, ORDERS, col(Enrolment.id))


def has_application(db: Session, enrolment_id: int) -> bool:
    """Return whether the person applied: whom the college brought in has no page of an application."""
    own = sa.select(sa.exists().where(col(Application.enrolment_id) == enrolment_id))
    return bool(db.execute(own).scalar_one())


def _applications(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Enrolment.id),
            col(Enrolment.person_id),
            shown_name().label("name"),
            col(Enrolment.state),
            col(Application.motive),
            col(Application.employer),
            col(Application.employer_agrees),
            col(Application.received_at),
        )
        .join(Enrolment, col(Enrolment.id) == Application.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(Enrolment.cohort_id) == cohort.id, is_current())
    )


def _read(db: Session, cohort: CohortRef, rows: Sequence[Any]) -> tuple[ApplicationShown, ...]:
    """Return rows as applications, and log that they were read."""
    people = [row.person_id for row in rows]
    log_applications(db, cohort, people)
    meet = who_meets(db, cohort, people)
    return tuple(
        ApplicationShown.model_validate(
            {"enrolment_id": row.id, **row._mapping, "meets_conditions": row.person_id in meet}
        )
        for row in rows
    )


def log_applications(db: Session, cohort: CohortRef, people: Iterable[int]) -> None:
    """Log that the actor reads the applications of people to a cohort."""
    log_access(db, [(person_id, cohort.college_id) for person_id in people], Part.APPLICATION)
