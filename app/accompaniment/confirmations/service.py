"""Milestones that await confirmation, and their confirmation by a second person (BR-15)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import exists
from sqlmodel import col, select

from app.accompaniment.confirmations.schemas import (
    AwaitingMilestone,
    AwaitingPage,
    AwaitingQuery,
    AwaitingSort,
    MilestoneRef,
)
from app.accompaniment.enterprises.models import NAMES, Enterprise
from app.accompaniment.interests.service import concerns_mandate, mandate_in_conflict
from app.accompaniment.mandates.models import Mandate, MandateAdvisor, MandateMilestone, MilestoneConfirmation
from app.accompaniment.mandates.service import advisors_names, within_reach
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import Orders, count_rows, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, NotFound, Reason
from app.platform.paging import Page
from app.platform.security.actor import Actor
from app.platform.security.duties import second_person

PAGE = 50


def see_milestone(db: Session, actor: Actor, milestone_id: int) -> MilestoneRef:
    """Return a milestone of a mandate within the actor's reach; raise ``NotFound`` for any other."""
    row = db.exec(
        select(MandateMilestone)
        .join(Mandate, col(Mandate.id) == MandateMilestone.mandate_id)
        .where(MandateMilestone.id == milestone_id, within_reach(actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    advisors = select(MandateAdvisor.person_id).where(MandateAdvisor.mandate_id == row.mandate_id)
    return MilestoneRef(
        **row.model_dump(include={"id", "college_id", "mandate_id", "recorded_by"}),
        people=frozenset(db.exec(advisors).all()),
    )


ORDERS: Orders = {
    AwaitingSort.RECORDED: (col(MandateMilestone.recorded_at),),
    AwaitingSort.ENTERPRISE: (col(Enterprise.search_key),),
}


def awaiting(db: Session, actor: Actor, *, after: int | None = None) -> AwaitingPage:
    """Return the milestones within reach that nobody has confirmed, oldest first, 50 at a time."""
    statement = _awaiting(actor).order_by(col(MandateMilestone.id)).limit(PAGE + 1)
    if after is not None:
        statement = statement.where(col(MandateMilestone.id) > after)
    rows = [AwaitingMilestone.model_validate(dict(row)) for row in db.execute(statement).mappings()]
    return AwaitingPage(items=tuple(rows[:PAGE]), next=rows[PAGE - 1].id if len(rows) > PAGE else None)


def list_awaiting(db: Session, actor: Actor, query: AwaitingQuery) -> Page[AwaitingMilestone]:
    """Return a page of what :func:`awaiting` returns."""
    statement = _awaiting(actor).where(*NAMES.matches(col(Enterprise.id), query.words, actor.colleges))
    page = fetch_page(db, statement, query, ORDERS, col(MandateMilestone.id))
    return page.map(AwaitingMilestone.model_validate)


def count_awaiting(db: Session, actor: Actor) -> int:
    """Return how many milestones :func:`list_awaiting` lists."""
    return count_rows(db, _awaiting(actor), col(MandateMilestone.id))


def _awaiting(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    own = exists().where(col(MandateAdvisor.mandate_id) == Mandate.id, col(MandateAdvisor.person_id) == actor.person_id)
    confirmed = exists().where(col(MilestoneConfirmation.milestone_id) == MandateMilestone.id)
    return (
        sa.select(
            col(MandateMilestone.id), col(MandateMilestone.mandate_id), col(Enterprise.name).label("enterprise"),
            col(Mandate.title), advisors_names().label("advisors"), col(MandateMilestone.kind),
            col(MandateMilestone.happened_on), col(MandateMilestone.recorded_at), shown_name().label("recorded_by"),
            ((col(MandateMilestone.recorded_by) == actor.person_id) | own).label("mine"),
            mandate_in_conflict(actor.person_id).label("in_conflict"),
        )
        .join(Mandate, col(Mandate.id) == MandateMilestone.mandate_id)
        .join(Enterprise, col(Enterprise.id) == Mandate.enterprise_id)
        .join(Person, col(Person.id) == MandateMilestone.recorded_by)
        .where(within_reach(actor), not_superseded(MandateMilestone), ~confirmed)
    )  # fmt: skip


def confirm(db: Session, actor: Actor, ref: MilestoneRef) -> None:
    """Confirm a milestone that another person recorded; from then on it counts.

    Raises ``Forbidden("second_person_needed")``, ``Forbidden("may_not_confirm")`` to who declared an interest (S6),
    ``Conflict("stale")`` once it was corrected, ``Conflict("milestone_confirmed")``.
    """
    second_person(actor.person_id, ref.recorded_by)
    db.exec(select(Mandate.id).where(Mandate.id == ref.mandate_id).with_for_update(key_share=True)).one()
    if concerns_mandate(db, actor.person_id, ref.mandate_id):
        raise Forbidden("may_not_confirm", Reason("interest_in_mandate"))
    if db.exec(select(MandateMilestone.id).where(MandateMilestone.supersedes_id == ref.id)).first() is not None:
        raise Conflict("stale", Reason("milestone_stale"))
    of_milestone = MilestoneConfirmation.milestone_id == ref.id
    if db.exec(select(MilestoneConfirmation.id).where(of_milestone)).first() is not None:
        raise Conflict("milestone_confirmed")
    db.add(
        MilestoneConfirmation(
            college_id=ref.college_id, milestone_id=ref.id, confirmed_at=now(), confirmed_by=actor.person_id
        )
    )
    db.flush()
