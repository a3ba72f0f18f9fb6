"""The trainer's queue of hand-ins to judge, read in pages.

A hand-in waits until each competency that its activity assesses has a judgement in force which rests on it, or was
returned or waived on it (``works``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists, func, tuple_
from sqlmodel import col

from app.accompaniment.interests.service import in_conflict
from app.cohorts import service as cohorts
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.curricula.library import curriculum_of, default_library
from app.grading.assessors import substitutes
from app.grading.assignments.schemas import CohortWorkSort, CohortWorksQuery
from app.grading.assignments.service import ASSIGNEE
from app.grading.models import Judgement, JudgementEvidence
from app.grading.rules import RUNNING, is_overdue, late_since
from app.grading.schemas import Queue, QueueCounts, QueueItem, QueueQuery, QueueSort, QueueView, WaitingWorks
from app.grading.works.models import WorkDecision
from app.grading.works.rules import competencies_of_work
from app.learning.hand_ins.models import HandIn
from app.network.colleges.rules import QUEBEC_ZONES
from app.people.models import Person, shown_name
from app.platform.audit.access_log import log_access
from app.platform.audit.enums import Part
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import local, today
from app.platform.paging import COUNTED, PAGE_SIZE, Page
from app.platform.search import search_key
from app.platform.security.actor import Actor, scoped

Rows = sa.Select[*tuple[Any, ...]]

COHORTS = 25
"""How many cohorts the filter offers, the newest first."""
_OLDEST: tuple[sa.SQLColumnExpression[Any], ...] = (col(HandIn.received_at), col(HandIn.id))
_PLACED = func.concat_ws("/", col(Enrolment.curriculum_slug), col(Enrolment.curriculum_version), HandIn.activity_code)
"""The key of :func:`_assessed`, of a hand-in."""


def list_queue(db: Session, actor: Actor, query: QueueQuery) -> Page[QueueItem]:
    """Return a page of the hand-ins of which a competency is still to judge."""
    at = now()
    orders: Orders = {
        QueueSort.AGE: (sa.literal(at) - col(HandIn.received_at), -col(HandIn.id)),
        QueueSort.NAME: (col(Person.search_key), *_OLDEST),
        QueueSort.COHORT: (col(Cohort.code), *_OLDEST),
    }
    matching = [*(_matches(word) for word in query.words), *_of_competency(query.competence)]
    if query.cohorte is not None:
        matching.append(col(Enrolment.cohort_id) == query.cohorte)
    if query.age is not None:
        matching.append(_is_late())
    statement = _shown(_waiting(actor, query.view), actor).where(*matching)
    page = fetch_page(db, statement, query, orders, col(HandIn.id))
    instead = _substitutes(db, actor, page.items)
    return page.map(lambda row: _item(row, at, instead))


def list_waiting_in(db: Session, cohort: CohortRef, query: CohortWorksQuery) -> Page[QueueItem]:
    """Return a page of the hand-ins of a cohort of which a competency is still to judge, whoever may."""
    at = now()
    orders: Orders = {
        CohortWorkSort.AGE: (sa.literal(at) - col(HandIn.received_at), -col(HandIn.id)),
        CohortWorkSort.NAME: (col(Person.search_key), *_OLDEST),
    }
    statement = _shown(works_to_judge(cohort)).where(*(_matches(word) for word in query.words))
    page = fetch_page(db, statement, query, orders, col(HandIn.id))
    log_access(db, [(row.person_id, cohort.college_id) for row in page.items], Part.BOARD)
    return page.map(lambda row: _item(row, at))


def waiting_in(db: Session, cohort: CohortRef, *, after: int | None, limit: int) -> WaitingWorks:
    """Return the hand-ins of a cohort of which a competency is still to judge, oldest first."""
    at = now()
    rows, next_ = fetch_after(db, _shown(works_to_judge(cohort)), _OLDEST[:1], col(HandIn.id), after=after, limit=limit)
    log_access(db, [(row.person_id, cohort.college_id) for row in rows], Part.BOARD)
    return WaitingWorks(items=tuple(_item(row, at) for row in rows), next=next_)


def _is_late() -> ColumnElement[bool]:
    """Return the condition that a hand-in has waited for more than the ten working days, in its cohort's zone."""
    received_on = sa.cast(func.timezone(col(Cohort.timezone), col(HandIn.received_at)), sa.Date)
    last = {zone: sa.literal(late_since(today(zone)), sa.Date) for zone in QUEBEC_ZONES}
    return received_on <= sa.case(last, value=col(Cohort.timezone), else_=last[QUEBEC_ZONES[0]])


def queue(
    db: Session,
    actor: Actor,
    *,
    view: QueueView = QueueView.MINE,
    competency: str | None = None,
    after: int | None = None,
    limit: int = PAGE_SIZE,
) -> Queue:
    """Return the hand-ins of which a competency is still to judge, oldest first, and how many are settled."""
    statement = _shown(_waiting(actor, view), actor).where(*_of_competency(competency))
    rows, next_ = fetch_after(db, statement, _OLDEST[:1], col(HandIn.id), after=after, limit=limit)
    at, counts, instead = now(), queue_counts(db, actor, view=view), _substitutes(db, actor, rows)
    items = tuple(_item(row, at, instead) for row in rows)
    return Queue(judged=counts.judged, total=counts.total, items=items, next=next_)


def _substitutes(db: Session, actor: Actor, rows: Sequence[Any]) -> dict[int, str]:
    """Return who may judge, instead of the actor, those of some works in whose people they declared an interest."""
    declared = {row.enrolment_id for row in rows if row.in_conflict}
    return substitutes(db, declared, actor.person_id) if declared else {}


def queue_counts(
    db: Session, actor: Actor, hand_in: int | None = None, *, view: QueueView = QueueView.MINE
) -> QueueCounts:
    """Return how many hand-ins are settled and wait, each counted to a thousand, and the rank of one that waits."""
    chosen = _waiting(actor, view).where(col(HandIn.id) == hand_in)
    received_at, id_ = _position(hand_in)
    before = _waiting(actor, view).where(tuple_(*_OLDEST) <= tuple_(received_at, id_))
    judged, waiting, rank = db.execute(
        sa.select(
            _counted(_last_attempts(actor, view).where(_settled())),
            _counted(_waiting(actor, view)),
            sa.case((chosen.exists(), _counted(before))) if hand_in is not None else sa.null(),
        )
    ).one()
    is_more = max(judged, waiting) > COUNTED
    return QueueCounts(
        judged=min(judged, COUNTED),
        waiting=min(waiting, COUNTED),
        is_more=is_more,
        waits=rank is not None,
        place=None if rank is None or is_more else judged + rank,
    )


def next_in_queue(db: Session, actor: Actor, hand_in: int | None, *, judged: str | None = None) -> QueueItem | None:
    """Return what waits after a hand-in, judged or not; the oldest other one when it was the last.

    When the competency ``judged`` was just judged on that hand-in and another one of it waits, it comes first.
    """
    statement = _shown(_waiting(actor, QueueView.MINE)).order_by(*_OLDEST)
    if hand_in is not None:
        received_at, id_ = _position(hand_in)
        comes_after = tuple_(*_OLDEST) > tuple_(received_at, id_)
        is_it = col(HandIn.id) == hand_in
        goes_on = sa.false() if judged is None else sa.literal(judged) == sa.any_(_SETTLED_CODES)
        statement = (
            statement.where(~is_it | goes_on).order_by(None).order_by(is_it.desc(), comes_after.desc(), *_OLDEST)
        )
    row = db.execute(statement.limit(1)).one_or_none()
    return None if row is None else _item(row, now())


def previous_in_queue(db: Session, actor: Actor, hand_in: int) -> QueueItem | None:
    """Return what waits just before a hand-in, judged or not; nothing before the oldest."""
    received_at, id_ = _position(hand_in)
    before = _shown(_waiting(actor, QueueView.MINE)).where(tuple_(*_OLDEST) < tuple_(received_at, id_))
    row = db.execute(before.order_by(*(column.desc() for column in _OLDEST)).limit(1)).one_or_none()
    return None if row is None else _item(row, now())


def _position(hand_in: int | None) -> tuple[sa.ScalarSelect[Any], sa.ScalarSelect[Any]]:
    """Return the values that the queue sorts a hand-in by."""
    itself = HandIn.__table__.alias("itself")  # type: ignore[attr-defined]
    received_at, id_ = (
        sa.select(column).where(itself.c.id == hand_in).scalar_subquery()
        for column in (itself.c.received_at, itself.c.id)
    )
    return received_at, id_


def _counted(statement: Rows) -> sa.ScalarSelect[int]:
    """Return the count of rows, which ends beyond ``COUNTED``."""
    bounded = statement.with_only_columns(col(HandIn.id)).limit(COUNTED + 1).subquery()
    return sa.select(func.count()).select_from(bounded).scalar_subquery()


@cache
def _assessed() -> dict[str, tuple[str, list[str]]]:
    """Return what the activities that are judged are searched by, and what they assess, by ``slug/version/code``."""
    return {
        f"{slug}/{version}/{code}": (
            search_key(f"{code} {activity.title.text}"),
            list(assessed),
        )
        for (slug, version), curriculum in default_library().curricula.items()
        for code, (_, activity) in curriculum.placed.items()
        if (assessed := competencies_of_work(curriculum, code))
    }


def _among(places: Sequence[str]) -> ColumnElement[bool]:
    return sa.any_(sa.literal(list(places), sa.ARRAY(sa.String))) == _PLACED


def _matches(word: str) -> ColumnElement[bool]:
    """Return the condition that the person, the cohort or the activity has a word."""
    activities = [place for place, (key, _) in _assessed().items() if word in key]
    return sa.or_(
        col(Person.search_key).contains(word, autoescape=True),
        col(Cohort.search_key).contains(word, autoescape=True),
        _among(activities),
    )


_CODES = sa.ARRAY(sa.String(20))
_SETTLED_CODES = sa.func.array(
    sa.select(col(Judgement.competency_code))
    .join(JudgementEvidence, col(JudgementEvidence.judgement_id) == Judgement.id)
    .where(col(JudgementEvidence.hand_in_id) == HandIn.id, not_superseded(Judgement))
    .correlate(HandIn)
    .union_all(
        sa.select(col(WorkDecision.competency_code))
        .where(col(WorkDecision.hand_in_id) == HandIn.id, col(WorkDecision.competency_code).is_not(None))
        .correlate(HandIn)
    )
    .scalar_subquery(),
    type_=_CODES,
)
"""The competencies of which a judgement in force rests on a hand-in, or which were returned or waived on it."""
_IS_DECIDED_WHOLE = func.coalesce(
    sa.select(sa.true())
    .where(col(WorkDecision.hand_in_id) == HandIn.id, col(WorkDecision.competency_code).is_(None))
    .limit(1)
    .correlate(HandIn)
    .scalar_subquery(),
    sa.false(),
)
"""Whether all that was left of a hand-in was returned or waived at once: looked up by hand-in, as PostgreSQL might read
all decisions for an ``exists``."""


def _of_competency(competency: str | None) -> list[ColumnElement[bool]]:
    """Return the condition that a competency is one of those still to judge, or none when none is given."""
    if competency is None:
        return []
    assessing = [place for place, (_, codes) in _assessed().items() if competency in codes]
    return [_among(assessing), sa.literal(competency) != sa.all_(_SETTLED_CODES)]


def queue_competencies() -> list[tuple[str, str]]:
    """Return the competencies that works are judged for, with their titles, by code."""
    library = default_library()
    codes = {code for _, assessed in _assessed().values() for code in assessed}
    titles = {c.code: c.title.text for framework in library.frameworks.values() for c in framework.competencies}
    return [(code, f"{code} – {titles[code]}") for code in sorted(codes)]


def _settled() -> ColumnElement[bool]:
    """Return the condition that each competency which the activity assesses is judged, returned or waived."""
    assessed = sa.case({place: sa.literal(codes, _CODES) for place, (_, codes) in _assessed().items()}, value=_PLACED)
    return sa.or_(assessed.op("<@", is_comparison=True)(_SETTLED_CODES), _IS_DECIDED_WHOLE)


def _waiting(actor: Actor, view: QueueView) -> Rows:
    return _last_attempts(actor, view).where(~_settled())


def _last_attempts(actor: Actor, view: QueueView) -> Rows:
    """Return the last attempt of each activity by the people whom the actor may judge, themselves left out.

    One's own queue leaves out those in whom one declared an interest, too (S6): the team's shows them, for others.
    """
    where = (
        scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id),
        col(Enrolment.person_id) != actor.person_id,
    )
    if view is QueueView.TEAM:
        return _last(*where)
    own = _last(*where, ~in_conflict(actor.person_id))
    return own.where(func.coalesce(ASSIGNEE, actor.person_id) == actor.person_id)


def queue_cohorts(db: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return the newest cohorts whose works the actor may judge, with their codes."""
    rows = cohorts.cohorts_after(db, actor, limit=COHORTS)[0]
    return [(row.id, row.code) for row in rows]


def works_to_judge(cohort: CohortRef) -> Rows:
    """Return a statement of the hand-ins of a cohort of which a competency is still to judge, whoever may."""
    return _last(col(Enrolment.cohort_id) == cohort.id).where(~_settled())


def _last(*where: ColumnElement[bool]) -> Rows:
    """Return the last attempt of each activity that is judged, of the enrolments on which the conditions hold.

    Left out: traces, formative activities, modules that assess nothing, and enrolments that are not running. The
    enrolments are found first: joined, PostgreSQL may read all works of a college for those of a few cohorts.
    """
    where = (*where, col(Enrolment.state).in_(RUNNING))
    running = sa.select(col(Enrolment.id)).where(*where).correlate(None)
    newest = HandIn.__table__.alias("newest")  # type: ignore[attr-defined]
    is_last = ~exists().where(
        newest.c.enrolment_id == HandIn.enrolment_id,
        newest.c.activity_code == HandIn.activity_code,
        newest.c.attempt > HandIn.attempt,
    )
    return (
        sa.select(col(HandIn.id))
        .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
        .where(
            *where,
            col(HandIn.enrolment_id) == sa.any_(func.array(running.scalar_subquery(), type_=sa.ARRAY(sa.Integer))),
            is_last,
            _among(list(_assessed())),
        )
    )


def _shown(statement: Rows, actor: Actor | None = None) -> Rows:
    """Return the statement with what an item shows; to an actor, whether they declared an interest in its person."""
    trainer = Person.__table__.alias("trainer")  # type: ignore[attr-defined]
    legal = func.concat_ws(" ", trainer.c.legal_first_name, trainer.c.legal_last_name)
    assigned = (
        sa.select(trainer.c.id, func.coalesce(trainer.c.chosen_name, legal).label("name"))
        .where(trainer.c.id == ASSIGNEE)
        .lateral("assigned")
    )
    return (
        statement.add_columns(
            col(HandIn.enrolment_id),
            col(Enrolment.person_id),
            col(HandIn.activity_code),
            col(HandIn.attempt),
            col(HandIn.received_at),
            _SETTLED_CODES.label("settled"),
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
    module, activity = curriculum_of(row).placed[row.activity_code]
    received_on, today = (local(moment, row.timezone).date() for moment in (row.received_at, at))
    return QueueItem(
        hand_in_id=row.id,
        enrolment_id=row.enrolment_id,
        name=row.name,
        cohort_code=row.code,
        activity_code=row.activity_code,
        activity_title=activity.title.text,
        attempt=row.attempt,
        received_at=row.received_at,
        age_days=(today - received_on).days,
        is_late=is_overdue(received_on, today),
        assignee_id=row.assignee_id,
        assignee=row.assignee,
        in_conflict=row.in_conflict,
        substitute=(instead or {}).get(row.enrolment_id),
        competencies=tuple(t.competency for t in module.assesses if t.competency not in row.settled),
    )
