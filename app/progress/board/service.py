"""The cohort's board, from the projection's columns in one query."""

from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping, func
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.rules import SEATED
from app.cohorts.schemas import CohortRef
from app.curricula.library import default_library
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.database.session import Session
from app.platform.messages.i18n import search_key, today
from app.progress.board.schemas import BoardOrder, BoardQuery, BoardRow
from app.progress.models import ProgressRow
from app.progress.rules import is_late, risk_reasons
from app.progress.schemas import attendance_pct

FIGURES = (
    "enrolment_id", "recognised_minutes", "planned_minutes", "attended_minutes", "attendance_base_minutes",
    "modules_done", "modules_total", "next_due_on", "last_fact_on", "eligible",
)  # fmt: skip

KEYS: dict[BoardOrder, Callable[[BoardRow], Any]] = {
    BoardOrder.NAME: lambda row: 0,
    BoardOrder.HOURS: lambda row: row.recognised_minutes,
    BoardOrder.ATTENDANCE: lambda row: (row.attendance_pct is None, row.attendance_pct),
    BoardOrder.DUE: lambda row: (row.next_due_on is None, row.next_due_on),
    BoardOrder.RISK: lambda row: (-len(row.calls), not row.late, row.recognised_minutes),
}
"""Who needs attention first."""


def board(db: Session, cohort: CohortRef, query: BoardQuery) -> list[BoardRow]:
    """Everyone who has a seat in the cohort, or everyone in one state; the search ignores accents and case."""
    first_last = col(Person.legal_first_name) + " " + col(Person.legal_last_name)
    statement = (
        sa.select(
            func.coalesce(col(Person.chosen_name), first_last).label("name"),
            col(Enrolment.person_id),
            col(Enrolment.state),
            col(Enrolment.joined_on),
            *(col(getattr(ProgressRow, name)) for name in FIGURES),
        )
        .join(Enrolment, col(Enrolment.id) == ProgressRow.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(
            col(Enrolment.cohort_id) == cohort.id,
            col(Enrolment.state).in_([query.state] if query.state else SEATED),
            *(col(Person.search_key).contains(word, autoescape=True) for word in search_key(query.search).split()),
        )
        .order_by(col(Person.search_key), col(Enrolment.id))
    )
    needed, day = _needed_pct(cohort), today(cohort.timezone)
    found = db.execute(statement).mappings().all()
    log_access(db, [(row["person_id"], cohort.college_id) for row in found], Part.BOARD)
    rows = [_row(row, day, needed) for row in found]
    return sorted(rows, key=KEYS[query.tri])


def _needed_pct(cohort: CohortRef) -> int:
    """The attendance that the path's most demanding certificate asks for."""
    curriculum = default_library().curriculum(cohort.curriculum_slug, cohort.curriculum_version)
    return max(rule.min_attendance_pct for rule in curriculum.certificates)


def _row(found: RowMapping, day: date, needed_pct: int) -> BoardRow:
    due, attended, base = found["next_due_on"], found["attended_minutes"], found["attendance_base_minutes"]
    follows = found["state"] is EnrolmentState.ACTIVE
    calls = risk_reasons(due, attended, base, day, min_attendance_pct=needed_pct) if follows else []
    return BoardRow(
        **found,
        attendance_pct=attendance_pct(attended, base),
        late=follows and is_late(due, day),
        calls=tuple(calls),
        at_risk=bool(calls),
    )
