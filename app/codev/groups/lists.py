"""Lists of groups: those within reach, each with the session to come or to close."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exists, func, literal
from sqlmodel import col

from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.groups.schemas import GroupPage, GroupRow, GroupSort, GroupsQuery
from app.codev.records.models import CodevRecord
from app.codev.records.service import current_records
from app.codev.sessions.models import CodevSession
from app.cohorts.models import Cohort
from app.platform.database.paging import Orders, fetch_after, fetch_page, folded
from app.platform.database.session import Session
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped

LAST_DAY = date(2200, 1, 1)
"""A day after all others: what is left until then sorts the newest first."""

ORDERS: Orders = {GroupSort.COHORT: (literal(LAST_DAY) - col(Cohort.starts_on), col(CodevGroup.name))}


def groups(
    db: Session, actor: Actor, *, cohort_id: int | None = None, after: int | None = None, limit: int = PAGE_SIZE
) -> GroupPage:
    """Return the groups within reach, newest cohort first, each with the session to come or to close."""
    order = ORDERS[GroupSort.COHORT]
    rows, next_ = fetch_after(
        db, _with_cohort(_within_reach(actor, cohort_id)), order, col(CodevGroup.id), after=after, limit=limit
    )
    return GroupPage(items=_rows(db, rows), next=next_)


def list_groups(db: Session, actor: Actor, query: GroupsQuery) -> Page[GroupRow]:
    """Return a page of what :func:`groups` returns; the search looks at names of groups and cohorts."""
    groups = _within_reach(actor, query.cohorte)
    statement = _with_cohort(groups)
    for word in query.words:
        is_named = folded(col(CodevGroup.name)).contains(word, autoescape=True)
        statement = statement.where(is_named | col(Cohort.search_key).contains(word, autoescape=True))
    counted = None if query.words else groups
    page = fetch_page(db, statement, query, ORDERS, col(CodevGroup.id), counted=counted)
    return replace(page, items=_rows(db, page.items))


def _within_reach(actor: Actor, cohort_id: int | None) -> sa.Select[*tuple[Any, ...]]:
    statement = sa.select(col(CodevGroup.id)).where(scoped(actor, college=CodevGroup.college_id, group=CodevGroup.id))
    return statement if cohort_id is None else statement.where(col(CodevGroup.cohort_id) == cohort_id)


def _with_cohort(groups: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    return groups.join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)


def _rows(db: Session, page: Sequence[Any]) -> tuple[GroupRow, ...]:
    """Return the groups of a page of ids, in its order."""
    ids = [row.id for row in page]
    records = current_records()
    members = (
        sa.select(func.count())
        .where(col(CodevMembership.group_id) == CodevGroup.id, col(CodevMembership.left_on).is_(None))
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    sessions_held = (
        sa.select(func.count())
        .select_from(CodevSession)
        .join(records, records.c.session_id == CodevSession.id)
        .where(col(CodevSession.group_id) == CodevGroup.id, records.c.held)
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    open_session = CodevSession.__table__.alias("open_session")  # type: ignore[attr-defined]
    closed = exists().where(col(CodevRecord.session_id) == open_session.c.id)
    next_id = (
        sa.select(open_session.c.id)
        .where(open_session.c.group_id == CodevGroup.id, open_session.c.cancelled_at.is_(None), ~closed)
        .order_by(open_session.c.starts_at, open_session.c.id)
        .limit(1)
        .correlate(CodevGroup)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            col(CodevGroup.id), col(CodevGroup.name), col(CodevGroup.cohort_id), col(Cohort.title).label("cohort"),
            func.coalesce(col(CodevSession.timezone), col(Cohort.timezone)).label("timezone"),
            members.label("members"), sessions_held.label("sessions_held"),
            col(CodevSession.id).label("next_session_id"), col(CodevSession.starts_at).label("next_starts_at"),
        )
        .join(Cohort, col(Cohort.id) == CodevGroup.cohort_id)
        .outerjoin(CodevSession, col(CodevSession.id) == next_id)
        .where(col(CodevGroup.id).in_(ids))
    )  # fmt: skip
    shown = {row.id: GroupRow.model_validate(row) for row in db.execute(statement)} if ids else {}
    return tuple(shown[id_] for id_ in ids)
