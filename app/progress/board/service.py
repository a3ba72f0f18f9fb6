"""The board of a cohort, from the columns of the projection in one statement."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import SEATED
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.messages.i18n import today
from app.platform.paging import Page, page_of
from app.platform.search import search_words
from app.progress.board.schemas import AtRisk, BoardConcern, BoardListQuery, BoardOrder, BoardQuery, BoardRow, BoardSort
from app.progress.models import ProgressRow
from app.progress.risk.rules import is_late, required_attendance_pct, risk_reasons
from app.progress.schemas import attendance_pct

SORT_KEYS: dict[BoardOrder, Callable[[BoardRow], Any]] = {
    BoardOrder.NAME: lambda row: 0,
    BoardOrder.HOURS: lambda row: row.recognised_minutes,
    BoardOrder.ATTENDANCE: lambda row: (row.attendance_pct is None, row.attendance_pct),
    BoardOrder.DUE: lambda row: (row.next_due_on is None, row.next_due_on),
    BoardOrder.RISK: lambda row: (-len(row.calls), not row.late, row.recognised_minutes),
}
"""What the rows, already sorted by name, are sorted by."""


def board(db: Session, cohort: CohortRef, query: BoardQuery) -> list[BoardRow]:
    """Return everyone who has a seat in the cohort, or everyone in one state; the search ignores accents and case."""
    statement = _select(cohort, {query.state} if query.state else SEATED)
    for word in search_words(query.search):
        statement = statement.where(col(Person.search_key).contains(word, autoescape=True))
    records = db.execute(statement).mappings().all()
    _log_access(db, cohort, records)
    return _sorted_rows(cohort, records, query.tri)


PAGE_SIZE = 50
"""The seats of most cohorts: whoever watches over one sees it whole."""

PAGE_ORDERS: dict[BoardSort, Callable[[BoardRow], Any]] = {
    BoardSort.HOURS: lambda row: row.recognised_minutes,
    BoardSort.ATTENDANCE: lambda row: row.attendance_pct,
    BoardSort.MODULES: lambda row: row.modules_done,
    BoardSort.DUE: lambda row: row.next_due_on,
    BoardSort.LAST: lambda row: row.last_fact_on,
}


def board_page(db: Session, cohort: CohortRef, query: BoardListQuery) -> tuple[Page[BoardRow], list[BoardRow]]:
    """Return a page of the people of a cohort, and everyone at risk in it, from one statement.

    The cohort is read whole: its capacity, 200 at most, bounds who has a seat in it.
    """
    states = {query.etat} if query.etat else SEATED
    records = db.execute(_select(cohort, SEATED | states)).mappings().all()
    matching = [r for r in records if r["state"] in states and all(word in r["search_key"] for word in query.words)]
    rows = _sorted_rows(cohort, matching, BoardOrder.NAME)
    places = {row.enrolment_id: place for place, row in enumerate(rows)}
    orders = PAGE_ORDERS | {BoardSort.NAME: lambda row: places[row.enrolment_id]}
    concerned = [row for row in rows if _concerns(row, query.suivi)]
    page = page_of(concerned, query, orders=orders, size=PAGE_SIZE)
    seated = _sorted_rows(cohort, [r for r in records if r["state"] in SEATED], BoardOrder.RISK)
    calls = [row for row in seated if row.at_risk]
    shown = {row.enrolment_id for row in (*page.items, *calls)}
    _log_access(db, cohort, [r for r in records if r["enrolment_id"] in shown])
    return page, calls


def count_at_risk(db: Session, cohort_ids: Sequence[int]) -> dict[int, AtRisk]:
    """Return how many people are at risk in each of some cohorts, and why, as its board says it."""
    statement = (
        sa.select(
            col(Enrolment.cohort_id),
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(Cohort.timezone),
            col(ProgressRow.next_due_on),
            col(ProgressRow.attended_minutes),
            col(ProgressRow.attendance_base_minutes),
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(
            col(Enrolment.cohort_id).in_(cohort_ids),
            col(Cohort.id).in_(cohort_ids),  # said again: the other cohorts are not read
            col(Enrolment.state) == EnrolmentState.ACTIVE,
        )
    )
    reasons: dict[int, list[tuple[str, ...]]] = {id_: [] for id_ in cohort_ids}
    for row in db.execute(statement) if cohort_ids else ():
        min_pct = required_attendance_pct(curriculum_of(row))
        due = (row.next_due_on, row.attended_minutes, row.attendance_base_minutes)
        found = risk_reasons(*due, today(row.timezone), min_attendance_pct=min_pct)
        reasons[row.cohort_id].append(tuple(reason.code for reason in found))
    return {
        cohort_id: AtRisk(
            people=sum(map(bool, each)),
            long_late=sum("long_late" in codes for codes in each),
            attendance_low=sum("attendance_low" in codes for codes in each),
        )
        for cohort_id, each in reasons.items()
    }


def _concerns(row: BoardRow, concern: BoardConcern | None) -> bool:
    return concern is None or (row.at_risk if concern is BoardConcern.RISK else row.late)


def _select(cohort: CohortRef, states: Collection[EnrolmentState]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            shown_name().label("name"),
            col(Person.search_key),
            col(Enrolment.person_id),
            col(Enrolment.state),
            col(Enrolment.joined_on),
            col(ProgressRow.enrolment_id),
            col(ProgressRow.recognised_minutes),
            col(ProgressRow.planned_minutes),
            col(ProgressRow.attended_minutes),
            col(ProgressRow.attendance_base_minutes),
            col(ProgressRow.modules_done),
            col(ProgressRow.modules_total),
            col(ProgressRow.next_due_on),
            col(ProgressRow.last_fact_on),
            col(ProgressRow.eligible),
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(Enrolment.cohort_id) == cohort.id, col(Enrolment.state).in_(states))
        .order_by(col(Person.search_key), col(Enrolment.id))
    )


def _log_access(db: Session, cohort: CohortRef, records: Collection[RowMapping]) -> None:
    log_access(db, [(record["person_id"], cohort.college_id) for record in records], Part.BOARD)


def _sorted_rows(cohort: CohortRef, records: Collection[RowMapping], order: BoardOrder) -> list[BoardRow]:
    min_pct, day = required_attendance_pct(curriculum_of(cohort)), today(cohort.timezone)
    return sorted((_row(record, day, min_pct) for record in records), key=SORT_KEYS[order])


def _row(record: RowMapping, day: date, min_attendance_pct: int) -> BoardRow:
    due, attended, base = record["next_due_on"], record["attended_minutes"], record["attendance_base_minutes"]
    is_active = record["state"] is EnrolmentState.ACTIVE
    calls = risk_reasons(due, attended, base, day, min_attendance_pct=min_attendance_pct) if is_active else []
    return BoardRow(
        **record,
        attendance_pct=attendance_pct(attended, base),
        late=is_active and is_late(due, day),
        calls=tuple(calls),
        at_risk=bool(calls),
    )
