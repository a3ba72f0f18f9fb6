"""The trainer's queue of works to judge, of every kind of evidence, read in pages (``waiting`` says what waits)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, tuple_
from sqlmodel import col

from app.accompaniment.interests.service import in_conflict
from app.cohorts import service as cohorts
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of, default_library
from app.grading.assessors import substitutes
from app.grading.assignments.schemas import CohortWorkSort, CohortWorksQuery
from app.grading.assignments.service import assignee_of
from app.grading.enums import EvidenceKind
from app.grading.queue.waiting import Rows, Works, assessed, works_where
from app.grading.rules import is_overdue, late_since
from app.grading.schemas import (
    KINDS,
    EvidenceRef,
    Queue,
    QueueCounts,
    QueueItem,
    QueueQuery,
    QueueSort,
    QueueView,
    WaitingWorks,
)
from app.network.colleges.rules import QUEBEC_ZONES
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.messages.i18n import local, today
from app.platform.paging import COUNTED, PAGE_SIZE, Page
from app.platform.security.actor import Actor, scoped

COHORTS = 25
"""How many cohorts the filter offers, the newest first."""


def list_queue(db: Session, actor: Actor, query: QueueQuery) -> Page[QueueItem]:
    """Return a page of the works of which a competency is still to judge."""
    at, works = now(), _works(actor)
    orders: Orders = {
        QueueSort.AGE: (sa.literal(at) - works.c.received_at, -works.c.key),
        QueueSort.NAME: (col(Person.search_key), *works.oldest),
        QueueSort.COHORT: (col(Cohort.code), *works.oldest),
    }
    matching = [*(_matches(works, word) for word in query.words), *_of_competency(works, query.competence)]
    if query.cohorte is not None:
        matching.append(col(Enrolment.cohort_id) == query.cohorte)
    if query.age is not None:
        matching.append(_is_late(works))
    statement = _shown(works, _waiting(works, actor, query.view), actor).where(*matching)
    page = fetch_page(db, statement, query, orders, works.c.key)
    instead = _substitutes(db, actor, page.items)
    return page.map(lambda row: _item(row, at, instead))


def list_waiting_in(db: Session, cohort: CohortRef, query: CohortWorksQuery) -> Page[QueueItem]:
    """Return a page of the works of a cohort of which a competency is still to judge, whoever may."""
    at, works = now(), _works_in(cohort)
    orders: Orders = {
        CohortWorkSort.AGE: (sa.literal(at) - works.c.received_at, -works.c.key),
        CohortWorkSort.NAME: (col(Person.search_key), *works.oldest),
    }
    statement = _shown(works, works.waiting()).where(*(_matches(works, word) for word in query.words))
    page = fetch_page(db, statement, query, orders, works.c.key)
    log_access(db, [(row.person_id, cohort.college_id) for row in page.items], Part.BOARD)
    return page.map(lambda row: _item(row, at))


def waiting_in(db: Session, cohort: CohortRef, *, after: int | None, limit: int) -> WaitingWorks:
    """Return the works of a cohort of which a competency is still to judge, oldest first."""
    at, works = now(), _works_in(cohort)
    statement = _shown(works, works.waiting())
    rows, next_ = fetch_after(db, statement, works.oldest[:1], works.c.key, after=after, limit=limit)
    log_access(db, [(row.person_id, cohort.college_id) for row in rows], Part.BOARD)
    return WaitingWorks(items=tuple(_item(row, at) for row in rows), next=next_)


def _is_late(works: Works) -> ColumnElement[bool]:
    """Return the condition that a work has waited for more than the ten working days, in its cohort's zone."""
    received_on = sa.cast(func.timezone(col(Cohort.timezone), works.c.received_at), sa.Date)
    last = {zone: sa.literal(late_since(today(zone)), sa.Date) for zone in QUEBEC_ZONES}
    is_late: ColumnElement[bool] = received_on <= sa.case(last, value=col(Cohort.timezone), else_=last[QUEBEC_ZONES[0]])
    return is_late


def queue(
    db: Session,
    actor: Actor,
    *,
    view: QueueView = QueueView.MINE,
    competency: str | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> Queue:
    """Return the works of which a competency is still to judge, oldest first, and how many are settled."""
    works = _works(actor)
    statement = _shown(works, _waiting(works, actor, view), actor).where(*_of_competency(works, competency))
    rows, next_ = fetch_after(db, statement, works.oldest[:1], works.c.key, after=after, limit=limit)
    at, counts, instead = now(), queue_counts(db, actor, view=view), _substitutes(db, actor, rows)
    items = tuple(_item(row, at, instead) for row in rows)
    return Queue(judged=counts.judged, total=counts.total, items=items, next=next_)


def _substitutes(db: Session, actor: Actor, rows: Sequence[Any]) -> dict[int, str]:
    """Return who may judge, instead of the actor, those of some works in whose people they declared an interest."""
    declared = {row.enrolment_id for row in rows if row.in_conflict}
    return substitutes(db, declared, actor.person_id) if declared else {}


def queue_counts(
    db: Session,
    actor: Actor,
    work: EvidenceRef | None = None,
    enrolment_id: int | None = None,
    *,
    view: QueueView = QueueView.MINE,
) -> QueueCounts:
    """Return how many works are settled and wait, each counted to a thousand, and the rank of one that waits."""
    works = _works(actor)
    columns = works.c.key, works.c.received_at, works.is_settled.label("is_settled")
    its = sa.false() if work is None else works.is_it(work, enrolment_id)
    all_ = _seen(works, actor, view).with_only_columns(*columns, its.label("is_it")).cte()
    settled, waiting = sa.select(all_.c.key).where(all_.c.is_settled), sa.select(all_.c.key).where(~all_.c.is_settled)
    rank: Any = sa.null()
    if work is not None:
        itself = waiting.add_columns(all_.c.received_at).where(all_.c.is_it).limit(1).subquery()
        before = waiting.where(
            tuple_(all_.c.received_at, all_.c.key) <= tuple_(itself.c.received_at, itself.c.key)
        ).join(itself, sa.true())
        rank = sa.case((sa.select(itself.c.key).exists(), _counted(before)))
    judged, left, place = db.execute(sa.select(_counted(settled), _counted(waiting), rank)).one()
    is_more = max(judged, left) > COUNTED
    return QueueCounts(
        judged=min(judged, COUNTED),
        waiting=min(left, COUNTED),
        is_more=is_more,
        waits=place is not None,
        place=None if place is None or is_more else judged + place,
    )


def next_in_queue(
    db: Session,
    actor: Actor,
    work: EvidenceRef | None,
    enrolment_id: int | None = None,
    *,
    judged: str | None = None,
    is_to_come: bool = False,
) -> QueueItem | None:
    """Return what waits after a work, judged or not; the oldest other one when it was the last.

    When the competency ``judged`` was just judged on that work, or is about to be (``is_to_come``), and another one of
    it waits, that one comes first.
    """
    works = _works(actor)
    statement = _shown(works, _waiting(works, actor, QueueView.MINE)).order_by(*works.oldest)
    if work is not None:
        comes_after = tuple_(*works.oldest) > tuple_(*_place(works, work, enrolment_id))
        is_it = works.is_it(work, enrolment_id)
        goes_on: ColumnElement[bool] = sa.false()
        if judged is not None:
            goes_on = works.leaves(judged) if is_to_come else sa.literal(judged) == sa.any_(works.c.settled)
        statement = (
            statement.where(~is_it | goes_on).order_by(None).order_by(is_it.desc(), comes_after.desc(), *works.oldest)
        )
    row = db.execute(statement.limit(1)).one_or_none()
    if row is None:
        return None
    item = _item(row, now())
    if not is_to_come or (item.evidence, item.enrolment_id) != (work, enrolment_id):
        return item
    return item.model_copy(update={"competencies": tuple(code for code in item.competencies if code != judged)})


def previous_in_queue(
    db: Session, actor: Actor, work: EvidenceRef, enrolment_id: int | None = None
) -> QueueItem | None:
    """Return what waits just before a work, judged or not; nothing before the oldest."""
    works = _works(actor)
    before = _shown(works, _waiting(works, actor, QueueView.MINE)).where(
        tuple_(*works.oldest) < tuple_(*_place(works, work, enrolment_id))
    )
    row = db.execute(before.order_by(*(column.desc() for column in works.oldest)).limit(1)).one_or_none()
    return None if row is None else _item(row, now())


def _place(works: Works, work: EvidenceRef, enrolment_id: int | None) -> list[sa.ScalarSelect[Any]]:
    """Return the values that the queue sorts a work by, judged or not."""
    itself = works.c.key.table.alias("itself")
    its = [itself.c.kind == work.kind.value, itself.c.id == work.id]
    if enrolment_id is not None:
        its.append(itself.c.enrolment_id == enrolment_id)
    first = sa.select(itself.c.received_at, itself.c.key).where(*its).order_by(itself.c.key).limit(1).subquery()
    return [sa.select(column).scalar_subquery() for column in (first.c.received_at, first.c.key)]


def _counted(statement: Rows) -> sa.ScalarSelect[int]:
    """Return the count of rows, which ends beyond ``COUNTED``."""
    bounded = statement.limit(COUNTED + 1).subquery()
    return sa.select(func.count()).select_from(bounded).scalar_subquery()


def _matches(works: Works, word: str) -> ColumnElement[bool]:
    """Return the condition that the person, the cohort, the activity or the enterprise has a word."""
    places = {place for kind in KINDS for place, (key, _) in assessed(kind).items() if word in key}
    return sa.or_(
        col(Person.search_key).contains(word, autoescape=True),
        col(Cohort.search_key).contains(word, autoescape=True),
        works.c.search.contains(word, autoescape=True),
        works.c.place == sa.any_(sa.literal(sorted(places), sa.ARRAY(sa.String))),
    )


def _of_competency(works: Works, competency: str | None) -> list[ColumnElement[bool]]:
    """Return the condition that a competency is one of those still to judge, or none when none is given."""
    if competency is None:
        return []
    return [
        sa.literal(competency) == sa.any_(works.c.assessed),
        sa.literal(competency) != sa.all_(works.c.settled),
    ]


def queue_competencies() -> list[tuple[str, str]]:
    """Return the competencies that works are judged for, with their titles, by code."""
    library = default_library()
    codes = {code for kind in KINDS for _, found in assessed(kind).values() for code in found}
    titles = {c.code: c.title.text for framework in library.frameworks.values() for c in framework.competencies}
    return [(code, f"{code} – {titles[code]}") for code in sorted(codes)]


def _works(actor: Actor) -> Works:
    """Return the works of the people whom the actor may judge, who are never themselves."""
    return works_where(
        scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id),
        col(Enrolment.person_id) != actor.person_id,
    )


def _works_in(cohort: CohortRef) -> Works:
    return works_where(col(Enrolment.cohort_id) == cohort.id)


def works_to_judge(cohort: CohortRef) -> Rows:
    """Return a statement of the works of a cohort of which a competency is still to judge, whoever may."""
    return _works_in(cohort).waiting()


def _seen(works: Works, actor: Actor, view: QueueView) -> Rows:
    """Return the statement of the works that a view shows: one's own are those assigned to oneself or to nobody.

    One's own queue leaves out those in whom one declared an interest, too (S6): the team's shows them, for others.
    """
    if view is QueueView.TEAM:
        return works.statement
    assignee = func.coalesce(assignee_of(works.c), actor.person_id)
    return works.statement.where(~in_conflict(actor.person_id), assignee == actor.person_id)


def _waiting(works: Works, actor: Actor, view: QueueView) -> Rows:
    return _seen(works, actor, view).where(~works.is_settled)


def queue_cohorts(db: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return the newest cohorts whose works the actor may judge, with their codes."""
    rows = cohorts.cohorts_after(db, actor, limit=COHORTS)[0]
    return [(row.id, row.code) for row in rows]


def _shown(works: Works, statement: Rows, actor: Actor | None = None) -> Rows:
    """Return the statement with what an item shows; to an actor, whether they declared an interest in its person."""
    trainer = Person.__table__.alias("trainer")  # type: ignore[attr-defined]
    legal = func.concat_ws(" ", trainer.c.legal_first_name, trainer.c.legal_last_name)
    assigned = (
        sa.select(trainer.c.id, func.coalesce(trainer.c.chosen_name, legal).label("name"))
        .where(trainer.c.id == assignee_of(works.c))
        .lateral("assigned")
    )
    return (
        statement.add_columns(
            works.c.kind,
            works.c.id,
            works.c.enrolment_id,
            col(Enrolment.person_id),
            works.c.activity_code,
            works.c.attempt,
            works.c.received_at,
            works.c.title,
            works.c.assessed,
            works.c.settled,
            col(Enrolment.curriculum_slug),
            col(Enrolment.curriculum_version),
            col(Cohort.code),
            col(Cohort.timezone),
            shown_name().label("name"),
            assigned.c.id.label("assignee_id"),
            assigned.c.name.label("assignee"),
            (in_conflict(actor.person_id) if actor else sa.false()).label("in_conflict"),
        )
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .outerjoin(assigned, sa.true())
    )


def _item(
    row: Any,  # noqa: ANN401 - a named tuple
    at: datetime,
    instead: Mapping[int, str] | None = None,
) -> QueueItem:
    received_on, today = (local(moment, row.timezone).date() for moment in (row.received_at, at))
    return QueueItem(
        evidence=EvidenceRef(kind=EvidenceKind(row.kind), id=row.id),
        enrolment_id=row.enrolment_id,
        name=row.name,
        cohort_code=row.code,
        activity_code=row.activity_code,
        title=row.title or curriculum_of(row).activity(row.activity_code).title.text,
        attempt=row.attempt,
        received_at=row.received_at,
        age_days=(today - received_on).days,
        is_late=is_overdue(received_on, today),
        assignee_id=row.assignee_id,
        assignee=row.assignee,
        in_conflict=row.in_conflict,
        substitute=(instead or {}).get(row.enrolment_id),
        competencies=tuple(code for code in row.assessed if code not in row.settled),
    )
