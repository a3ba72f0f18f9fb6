"""Mandates, their advisors and their milestones (BR-14, BR-15, BR-18)."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, case, distinct, func, tuple_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.accompaniment.enterprises.models import NAMES, Enterprise
from app.accompaniment.enterprises.schemas import EnterpriseShown
from app.accompaniment.enterprises.service import add_enterprise, see_by_neq, see_enterprise
from app.accompaniment.mandates.enums import MandateSort, MilestoneKind
from app.accompaniment.mandates.milestones import milestone_dates
from app.accompaniment.mandates.models import (
    AccompaniedCount,
    Mandate,
    MandateAdvisor,
    MandateMilestone,
    MilestoneConfirmation,
)
from app.accompaniment.mandates.rules import (
    ADVISING,
    ORDER,
    Milestone,
    Stage,
    is_accompanied,
    milestone_reasons,
    next_kind,
    opening_reasons,
    stage_of,
)
from app.accompaniment.mandates.schemas import (
    Accompanied,
    AdvisorChoice,
    AdvisorShown,
    MandateChoice,
    MandatePage,
    MandateRef,
    MandateRow,
    MandateShown,
    MandatesQuery,
    MilestoneCommand,
    MilestoneShown,
    NewMandate,
)
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.models import Cohort, Enrolment
from app.network.schemas import CollegeShown
from app.network.service import college, timezone_of
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.i18n import today
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped

PAGE = 50


def open_mandate(db: Session, actor: Actor, advisors: Sequence[EnrolmentRef], command: NewMandate) -> MandateShown:
    """Open a mandate of one or more advisors of a college, in the project of the first one's cohort."""
    first = advisors[0]
    mandate_college = college(db, first.college_id)
    current_day = today(mandate_college.timezone)
    opened_on = command.opened_on or current_day
    refuse_unless(
        *chain.from_iterable(opening_reasons(a.state, opened_on, current_day) for a in advisors), code="invalid"
    )
    if len({a.person_id for a in advisors}) < len(advisors) or {a.college_id for a in advisors} != {first.college_id}:
        raise Invalid("invalid", Reason("advisors_differ", field="also_enrolments"))
    enterprise = _enterprise_named(db, actor, mandate_college, command)
    row = Mandate(
        college_id=first.college_id,
        enterprise_id=enterprise.id,
        project_id=db.get_one(Cohort, first.cohort_id).project_id,
        kind=command.kind,
        title=command.title,
        opened_on=opened_on,
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    db.add_all(
        MandateAdvisor(college_id=a.college_id, mandate_id=row.id, person_id=a.person_id, enrolment_id=a.id)
        for a in advisors
    )
    db.flush()
    return mandate(db, MandateRef.model_validate(row))


def _enterprise_named(db: Session, actor: Actor, mandate_college: CollegeShown, command: NewMandate) -> EnterpriseShown:
    """Return the one enterprise that the command names, in the mandate's college; add it when it is new."""
    named = [v for v in (command.enterprise_id, command.neq, command.enterprise) if v is not None]
    if len(named) == 1 and command.enterprise is not None:
        return add_enterprise(db, actor, mandate_college, command.enterprise, field="enterprise.")
    if len(named) == 1 and command.neq is not None:
        return see_by_neq(db, mandate_college, command.neq)
    if len(named) != 1 or command.enterprise_id is None:
        raise Invalid("invalid", Reason("one_enterprise", field="enterprise"))
    enterprise = see_enterprise(db, actor, command.enterprise_id)
    if enterprise.college_id != mandate_college.id:
        raise NotFound
    return enterprise


def within_reach(actor: Actor, *, own_only: bool = False) -> ColumnElement[bool]:
    """Return the clause of the mandates reached through the college, an advisor's cohort, or oneself as an advisor."""
    mandate_ids = (
        select(MandateAdvisor.mandate_id)
        .outerjoin(Enrolment, col(Enrolment.id) == MandateAdvisor.enrolment_id)
        .where(
            scoped(
                actor,
                college=MandateAdvisor.college_id,
                cohort=Enrolment.cohort_id,
                person=MandateAdvisor.person_id,
            )
        )
    )
    if own_only:
        mandate_ids = mandate_ids.where(MandateAdvisor.person_id == actor.person_id)
    return col(Mandate.id).in_(mandate_ids)


def see_mandate(db: Session, actor: Actor, mandate_id: int) -> MandateRef:
    """Return a mandate within the actor's reach; raise ``NotFound`` for any other."""
    row = db.exec(select(Mandate).where(Mandate.id == mandate_id, within_reach(actor))).one_or_none()
    if row is None:
        raise NotFound
    return MandateRef.model_validate(row)


def mandate(db: Session, ref: MandateRef) -> MandateShown:
    """Return a mandate with its enterprise, its advisors by name and its milestones in order."""
    advisors = db.exec(
        select(MandateAdvisor, Person)
        .join(Person, col(Person.id) == MandateAdvisor.person_id)
        .where(MandateAdvisor.mandate_id == ref.id)
        .order_by(Person.search_key)
    ).all()
    current = db.exec(_current_milestones(ref.id)).all()
    dates = {m.kind: m.happened_on for m in current}
    confirmed = _confirmations(db, [m.id for m in current])
    return MandateShown(
        **ref.model_dump(),
        enterprise=EnterpriseShown.model_validate(db.get_one(Enterprise, ref.enterprise_id)),
        advisors=tuple(
            AdvisorShown(person_id=a.person_id, name=p.name, enrolment_id=a.enrolment_id) for a, p in advisors
        ),
        milestones=_milestones_shown(db, current, confirmed),
        stage=stage_of(dates),
        accompanied=is_accompanied({m.kind: m.happened_on for m in current if m.id in confirmed}),
        next_kind=next_kind(dates),
    )


def mandates_of(db: Session, enrolment: EnrolmentRef) -> list[MandateChoice]:
    """Return the mandates of an enrolment, those opened first at the top."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(col(Mandate.id), col(Enterprise.name).label("enterprise"), col(Mandate.title))
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .where(col(MandateAdvisor.enrolment_id) == enrolment.id)
        .order_by(col(Mandate.opened_on), col(Mandate.id))
    )
    return [MandateChoice.model_validate(dict(row)) for row in db.execute(statement).mappings()]


def _current_milestones(mandate_id: int) -> SelectOfScalar[MandateMilestone]:
    return select(MandateMilestone).where(MandateMilestone.mandate_id == mandate_id, not_superseded(MandateMilestone))


def _confirmations(db: Session, milestone_ids: Sequence[int]) -> dict[int, MilestoneConfirmation]:
    """Return the confirmations of milestones, by the id of the milestone."""
    statement = select(MilestoneConfirmation).where(col(MilestoneConfirmation.milestone_id).in_(milestone_ids))
    return {row.milestone_id: row for row in db.exec(statement).all()}


def _milestones_shown(
    db: Session, milestones: Sequence[MandateMilestone], confirmed: Mapping[int, MilestoneConfirmation]
) -> tuple[MilestoneShown, ...]:
    ids = [m.recorded_by for m in milestones] + [c.confirmed_by for c in confirmed.values() if c.confirmed_by]
    people = db.exec(select(Person).where(col(Person.id).in_(ids))).all()
    names: dict[int | None, str] = {p.id: p.name for p in people}
    return tuple(
        MilestoneShown(
            **m.model_dump(include={"id", "kind", "happened_on", "confidentiality_clause"}),
            recorded_by=names[m.recorded_by],
            recorded_by_id=m.recorded_by,
            corrected=m.supersedes_id is not None,
            is_confirmed=m.id in confirmed,
            confirmed_by=names.get(confirmed[m.id].confirmed_by) if m.id in confirmed else None,
            confirmed_at=confirmed[m.id].confirmed_at if m.id in confirmed else None,
        )
        for m in sorted(milestones, key=lambda m: ORDER.index(m.kind))
    )


def mandates(
    db: Session,
    actor: Actor,
    *,
    stage: Stage | None = None,
    college_id: int | None = None,
    own_only: bool = False,
    after: int | None = None,
) -> MandatePage:
    """Return the mandates within reach, newest first, 50 at a time; ``own_only``: those the actor is an advisor of."""
    statement = _rows(actor, stage, own_only=own_only)
    if college_id is not None:
        statement = statement.where(col(Mandate.college_id) == college_id)
    if after is not None:
        statement = statement.where(_after(db, actor, after))
    statement = statement.order_by(col(Mandate.opened_on).desc(), col(Mandate.id).desc()).limit(PAGE + 1)
    rows = db.execute(statement).mappings().all()
    return MandatePage(
        items=tuple(MandateRow.model_validate(dict(r)) for r in rows[:PAGE]),
        next=rows[PAGE - 1]["id"] if len(rows) > PAGE else None,
    )


ORDERS: Orders = {
    MandateSort.OPENED: (col(Mandate.opened_on),),
    MandateSort.ENTERPRISE: (col(Enterprise.search_key),),
}


def list_mandates(db: Session, actor: Actor, query: MandatesQuery) -> Page[MandateRow]:
    """Return a page of the mandates within reach; the search looks at the enterprise's name."""
    statement = _rows(actor, query.etape).where(*NAMES.matches(col(Enterprise.id), query.words, actor.colleges))
    return fetch_page(db, statement, query, ORDERS, col(Mandate.id)).map(MandateRow.model_validate)


def _rows(actor: Actor, stage: Stage | None, *, own_only: bool = False) -> sa.Select[*tuple[Any, ...]]:
    dates = milestone_dates(confirmed=False)
    stage_column = case(
        (dates.c.plan_on.is_not(None), Stage.PLANNED.value),
        (dates.c.diagnostic_on.is_not(None), Stage.DIAGNOSED.value),
        (dates.c.agreement_on.is_not(None), Stage.AGREED.value),
        else_=Stage.OPENED.value,
    )
    statement = (
        sa.select(
            col(Mandate.id), col(Mandate.college_id), col(Enterprise.name).label("enterprise"), col(Mandate.kind),
            col(Mandate.title), col(Mandate.opened_on), advisors_names().label("advisors"),
            stage_column.label("stage"), dates.c.agreement_on, dates.c.diagnostic_on, dates.c.plan_on,
        )
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .outerjoin(dates, dates.c.mandate_id == Mandate.id)
        .where(within_reach(actor, own_only=own_only))
    )  # fmt: skip
    return statement if stage is None else statement.where(stage_column == stage.value)


def advisors_names() -> ColumnElement[str]:
    return (
        sa.select(func.string_agg(shown_name(), ", "))
        .join(MandateAdvisor, col(MandateAdvisor.person_id) == Person.id)
        .where(col(MandateAdvisor.mandate_id) == Mandate.id)
        .correlate(Mandate)
        .scalar_subquery()
    )


def _after(db: Session, actor: Actor, mandate_id: int) -> ColumnElement[bool]:
    last = db.exec(select(Mandate).where(Mandate.id == mandate_id, within_reach(actor))).one_or_none()
    if last is None:
        raise Invalid("invalid", Reason("unknown_place", field="after"))
    return tuple_(col(Mandate.opened_on), col(Mandate.id)) < tuple_(last.opened_on, last.id)


MOST_CHOICES = 100
"""How many enrolments are offered to choose among, the newest: the page of another one leads here with it chosen."""


def advisor_choices(db: Session, actor: Actor, chosen: int | None = None) -> list[AdvisorChoice]:
    """Return enrolments within reach for which a mandate may be opened, by name: the newest, and the ``chosen`` one."""
    within = (
        col(Enrolment.state).in_(ADVISING),
        scoped(actor, college=Enrolment.college_id, person=Enrolment.person_id),
    )
    newest = select(Enrolment.id).where(*within).order_by(col(Enrolment.id).desc()).limit(MOST_CHOICES)
    ids = {*db.exec(newest).all(), *([chosen] if chosen is not None else [])}
    statement = (
        select(Enrolment, Person, Cohort.title)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(col(Enrolment.id).in_(ids), *within)
        .order_by(Person.search_key, col(Enrolment.id).desc())
    )
    return [
        AdvisorChoice(enrolment_id=e.id, college_id=e.college_id, name=p.name, cohort=title)
        for e, p, title in db.exec(statement).all()
    ]


def record_milestone(db: Session, actor: Actor, ref: MandateRef, command: MilestoneCommand) -> MandateShown:
    """Record a milestone, or correct the one in force by superseding it; it counts once another person confirms it."""
    db.exec(select(Mandate.id).where(Mandate.id == ref.id).with_for_update(key_share=True)).one()
    current = {m.kind: m for m in db.exec(_current_milestones(ref.id)).all()}
    superseded = current.get(command.kind)
    if command.supersedes != (superseded.id if superseded else None):
        raise Conflict("stale", Reason("milestone_stale", field="supersedes"))
    dates: dict[MilestoneKind, date] = {kind: m.happened_on for kind, m in current.items()}
    new = Milestone(command.kind, command.happened_on, command.confidentiality_clause)
    refuse_unless(*milestone_reasons(new, dates, today(timezone_of(db, ref.college_id))), code="invalid")
    db.add(
        MandateMilestone(
            college_id=ref.college_id,
            mandate_id=ref.id,
            kind=command.kind,
            happened_on=command.happened_on,
            confidentiality_clause=command.kind is MilestoneKind.AGREEMENT,
            recorded_at=now(),
            recorded_by=actor.person_id,
            supersedes_id=command.supersedes,
        )
    )
    db.flush()
    return mandate(db, ref)


def accompanied_enterprises(db: Session, actor: Actor) -> list[Accompanied]:
    """Return how many distinct enterprises each college within reach has accompanied (BR-15).

    Only milestones that a second person confirmed count. Of a whole college the count is kept; who reaches some
    cohorts, or themself, reaches few mandates.
    """
    whole = scoped(actor, college=AccompaniedCount.college_id)
    kept = sa.select(col(AccompaniedCount.college_id), col(AccompaniedCount.enterprises)).where(
        whole, col(AccompaniedCount.project_id).is_(None), col(AccompaniedCount.enterprises) > 0
    )
    within = scoped(actor, cohort=Enrolment.cohort_id, person=MandateAdvisor.person_id)
    some = (
        sa.select(col(Mandate.college_id), func.count(distinct(col(Mandate.enterprise_id))))
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .outerjoin(Enrolment, col(Enrolment.id) == MandateAdvisor.enrolment_id)
        .where(col(Mandate.accompanied), within, ~scoped(actor, college=Mandate.college_id))
        .group_by(col(Mandate.college_id))
    )
    rows = db.execute(sa.union_all(kept, some)).all()
    return [Accompanied(college_id=college_id, enterprises=n) for college_id, n in sorted(tuple(row) for row in rows)]
