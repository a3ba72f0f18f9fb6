"""Panels as they are read: within whose reach, what stands in a list, what each reader reads of one."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.accompaniment.interests.service import has_interest
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolment_ref
from app.cohorts.models import Cohort, Enrolment
from app.grading import service as grading
from app.grading.assessors import able_assessors
from app.grading.models import Judgement
from app.grading.panels import rules
from app.grading.panels.enums import PanelFilter, PanelKind, PanelSort, PanelState
from app.grading.panels.models import Panel, PanelDecision, PanelOpinion, PanelSeat
from app.grading.panels.rules import LastDecision, Seat, Vote
from app.grading.panels.schemas import (
    OpinionShown,
    PanelPage,
    PanelRef,
    PanelRow,
    PanelsApiQuery,
    PanelShown,
    PanelsQuery,
    SeatShown,
)
from app.grading.rules import CODEV_COMPETENCY
from app.grading.schemas import JudgementShown, refs_of
from app.network.models import College
from app.people.models import NAMES, Person
from app.platform.audit.access_log import log_access
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.i18n import local, today
from app.platform.paging import Page
from app.platform.security.actor import Actor, scoped
from app.platform.security.permissions import P, Role
from app.platform.working_days import add_working_days

IS_REVIEW = col(Panel.motive).is_not(None)
"""The condition that the person asked for the panel."""

_DECISION = aliased(PanelDecision)
IS_OPEN = ~sa.exists().where(col(_DECISION.panel_id) == Panel.id)
"""The condition that a panel has not decided."""


def _seated(person_id: int) -> ColumnElement[bool]:
    of_person = (col(PanelSeat.panel_id) == Panel.id, col(PanelSeat.assessor_id) == person_id)
    return sa.exists().where(*of_person, not_superseded(PanelSeat))


def _free() -> ColumnElement[bool]:
    """Return the condition that a review has no assessor yet."""
    return col(Panel.kind).in_(rules.TAKEN) & ~sa.exists().where(col(PanelSeat.panel_id) == Panel.id)


def _judged_by(person_id: int) -> ColumnElement[bool]:
    return sa.exists().where(col(Judgement.id) == Panel.judgement_id, col(Judgement.assessor_id) == person_id)


def see_panel(db: Session, actor: Actor, panel_id: int) -> PanelRef:
    """Return a panel within the actor's reach, or of which they are an assessor; raise ``NotFound`` for any other."""
    within = scoped(actor, college=Enrolment.college_id, cohort=Enrolment.cohort_id, person=Enrolment.person_id)
    if actor.permission is P.JUDGEMENT_READ:
        within |= _seated(actor.person_id)
    statement = (
        sa.select(Panel, col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == Panel.enrolment_id)
        .where(col(Panel.id) == panel_id, within)
    )
    panel = db.execute(statement).one_or_none()
    if panel is None:
        raise NotFound
    row, person_id = panel
    log_access(db, [(person_id, row.college_id)])
    return PanelRef(**row.model_dump(include=set(PanelRef.model_fields)), person_id=person_id)


def ref_of(db: Session, row: Panel) -> PanelRef:
    """Return the reference of a panel that was just opened."""
    person_id = enrolment_ref(db, row.enrolment_id).person_id
    return PanelRef(**row.model_dump(include=set(PanelRef.model_fields)), person_id=person_id)


# What its verbs look at --------------------------------------------------------------------------


def all_seats(db: Session, ref: PanelRef) -> list[Seat]:
    """Return the seats of a panel in the order in which they were named, those of replaced assessors among them."""
    return _seats(db, [ref.id]).get(ref.id, [])


def _seats(db: Session, panels: Collection[int]) -> dict[int, list[Seat]]:
    """Return the seats of some panels, by panel, with who declared an interest in whom it judges."""
    statement = (
        sa.select(
            col(PanelSeat.panel_id),
            col(PanelSeat.id),
            col(PanelSeat.assessor_id),
            col(PanelSeat.supersedes_id),
            has_interest(col(PanelSeat.assessor_id), PanelSeat),
        )
        .join(Panel, col(Panel.id) == PanelSeat.panel_id)
        .join(Enrolment, col(Enrolment.id) == Panel.enrolment_id)
        .where(col(PanelSeat.panel_id).in_(panels))
        .order_by(col(PanelSeat.id))
    )
    by_panel: dict[int, list[Seat]] = {}
    for panel_id, *seat in db.execute(statement):
        by_panel.setdefault(panel_id, []).append(Seat(*seat))
    return by_panel


def seats_of(db: Session, ref: PanelRef) -> list[int]:
    """Return the assessors of a panel, by place."""
    return rules.current_assessors(all_seats(db, ref))


def votes_of(db: Session, ref: PanelRef, seats: Collection[Seat], *, decided: bool = False) -> list[Vote]:
    """Return the levels that count among those that were given (:func:`rules.counted_votes`)."""
    statement = sa.select(col(PanelOpinion.assessor_id), col(PanelOpinion.round), col(PanelOpinion.level)).where(
        col(PanelOpinion.panel_id) == ref.id
    )
    rows = db.execute(statement.order_by(col(PanelOpinion.id)))
    return rules.counted_votes(seats, [Vote(*row) for row in rows], decided=decided)


def vacant_seats(
    db: Session, enrolment: EnrolmentRef, ref: PanelRef, seats: Sequence[int], votes: Sequence[Vote]
) -> list[int]:
    """Return the assessors of an open panel who are to be replaced."""
    able = able_assessors(db, enrolment, ref.competency_code, seats) if seats else frozenset()
    return rules.vacant_seats(ref.kind, seats, votes, able)


def last_opinion(db: Session, ref: PanelRef, assessor_id: int) -> OpinionShown:
    """Return what an assessor said last."""
    rows = select(PanelOpinion).where(PanelOpinion.panel_id == ref.id, PanelOpinion.assessor_id == assessor_id)
    return OpinionShown.model_validate(db.exec(rows.order_by(col(PanelOpinion.id).desc())).first())


def contested(db: Session, enrolment: EnrolmentRef, ref: PanelRef) -> JudgementShown | None:
    """Return the judgement that the person contests."""
    history = grading.judgements(db, enrolment, competency=ref.competency_code)
    return next((j for j in history if j.id == ref.judgement_id), None)


def decided_before(db: Session, enrolment: EnrolmentRef, judgement: JudgementShown) -> LastDecision:
    """Return what was last decided on a judgement: the panel that made or maintained it, else the judgement itself."""
    statement = (
        sa.select(col(Panel.kind), col(PanelDecision.decided_at))
        .join(Panel, col(Panel.id) == PanelDecision.panel_id)
        .where(col(PanelDecision.judgement_id) == judgement.id, IS_REVIEW)
        .order_by(col(PanelDecision.id).desc())
    )
    last = db.execute(statement).first()
    at, by = (last.decided_at, last.kind) if last else (judgement.validated_at, None)
    return LastDecision(local(at, enrolment.timezone).date(), by)


def former_assessors(db: Session, ref: PanelRef) -> set[int]:
    """Return who sits or sat on the panel, judged the competency in the chain it contests, or decided on it before."""
    enrolment = enrolment_ref(db, ref.enrolment_id)
    history = {j.id: j for j in grading.judgements(db, enrolment, competency=ref.competency_code)}
    people, id_ = {seat.assessor_id for seat in all_seats(db, ref)}, ref.judgement_id
    while id_ is not None:
        people.add(history[id_].assessor_id)
        id_ = history[id_].supersedes_id
    if ref.judgement_id is not None:
        others = (
            sa.select(col(PanelSeat.assessor_id))
            .join(PanelDecision, col(PanelDecision.panel_id) == PanelSeat.panel_id)
            .where(col(PanelDecision.judgement_id) == ref.judgement_id)
        )
        people.update(db.execute(others).scalars())
    return people


def names_of(db: Session, people: Collection[int]) -> dict[int, str]:
    """Return the names of people, by id."""
    rows = db.exec(select(Person).where(col(Person.id).in_(people))).all()
    return {row.id: row.name for row in rows}


# One panel ---------------------------------------------------------------------------------------


def load_panel(db: Session, actor: Actor, ref: PanelRef) -> PanelShown:
    """Return a panel as the actor reads it."""
    panel = db.get_one(Panel, ref.id)
    enrolment = enrolment_ref(db, ref.enrolment_id)
    decision = db.exec(select(PanelDecision).where(PanelDecision.panel_id == ref.id)).one_or_none()
    named = all_seats(db, ref)
    everyone, seats = [seat.assessor_id for seat in named], rules.current_assessors(named)
    votes = votes_of(db, ref, named, decided=decision is not None)
    vacant = [] if decision else vacant_seats(db, enrolment, ref, seats, votes)
    judged = contested(db, enrolment, ref)
    names = names_of(db, {*everyone, panel.opened_by})
    done = rules.rounds_done(ref.kind, seats, votes)
    state = rules.state_of(ref.kind, seats, votes, decided=decision is not None)
    is_own_judgement = judged is not None and judged.assessor_id == actor.person_id
    row = _panel_row(panel, enrolment, state, may_take=not is_own_judgement and _may_take(actor, ref, seats))
    return PanelShown(
        **row.model_dump(),
        person_id=ref.person_id,
        judgement_id=ref.judgement_id,
        contested_level=judged.level if judged else None,
        motive=panel.motive,
        opened_by=names[panel.opened_by],
        evidence=judged.evidence if judged else refs_of(panel.evidence),
        seats=tuple(
            SeatShown(
                assessor_id=id_,
                name=names[id_],
                has_spoken=_has_spoken(votes, id_, done, decided=bool(decision)),
                is_vacant=id_ in vacant,
                is_replaced=id_ not in seats,
            )
            for id_ in everyone
        ),
        wanted=0 if decision else _wanted(ref, seats, state, vacant),
        opinions=_opinions(db, actor, ref, done, decided=decision is not None),
        level=decision.level if decision else None,
        basis=decision.basis if decision else None,
        decided_at=decision.decided_at if decision else None,
        decided_judgement_id=decision.judgement_id if decision else None,
        appeal_until=_appeal_until(db, ref, enrolment, decision),
    )


def _wanted(ref: PanelRef, seats: Sequence[int], state: PanelState, vacant: Sequence[int]) -> int:
    differs = state is PanelState.DIFFERING
    return rules.wanted_seats(ref.kind, len(seats), differs=differs, vacant=len(vacant))


def _has_spoken(votes: Sequence[Vote], assessor: int, done: int, *, decided: bool) -> bool:
    return any(v.assessor_id == assessor and (decided or v.round > done) for v in votes)


def _opinions(db: Session, actor: Actor, ref: PanelRef, done: int, *, decided: bool) -> tuple[OpinionShown, ...]:
    own_case = ref.person_id == actor.person_id
    rows = db.exec(select(PanelOpinion).where(PanelOpinion.panel_id == ref.id).order_by(col(PanelOpinion.id))).all()
    return tuple(
        OpinionShown.model_validate(row)
        for row in rows
        if rules.shows_opinion(
            Vote(row.assessor_id, row.round, row.level),
            done,
            reader=actor.person_id,
            own_case=own_case,
            decided=decided,
        )
    )


def _appeal_until(db: Session, ref: PanelRef, enrolment: EnrolmentRef, decision: PanelDecision | None) -> date | None:
    if decision is None or ref.kind is not PanelKind.REVIEW:
        return None
    days = db.get_one(College, ref.college_id).review_days
    return add_working_days(local(decision.decided_at, enrolment.timezone).date(), days)


def _may_take(actor: Actor, ref: PanelRef, seats: Sequence[int]) -> bool:
    """Return whether the actor is offered a review; the verb looks at all that may keep them from it."""
    trains = any(g.role is Role.TRAINER and g.college_id == ref.college_id for g in actor.grants)
    may = (
        trains
        and actor.can(P.PANEL_SIT)
        and not (ref.competency_code == CODEV_COMPETENCY and actor.has(Role.FACILITATOR))
    )
    return ref.kind in rules.TAKEN and not seats and may and actor.person_id != ref.person_id


def _panel_row(panel: Panel, enrolment: EnrolmentRef, state: PanelState, *, may_take: bool) -> PanelRow:
    overdue = state is not PanelState.DECIDED and panel.due_on < today(enrolment.timezone)
    return PanelRow(
        id=panel.id,
        college_id=panel.college_id,
        enrolment_id=panel.enrolment_id,
        name=enrolment.name,
        cohort_title=enrolment.cohort_title,
        competency_code=panel.competency_code,
        kind=panel.kind,
        state=state,
        opened_at=panel.opened_at,
        due_on=panel.due_on,
        is_overdue=overdue,
        may_take=may_take,
    )


# Lists -------------------------------------------------------------------------------------------


def _of_enrolment(column: Any) -> ColumnElement[int]:  # noqa: ANN401 - a column of the table
    """Return a value of a panel's enrolment, looked up for each panel: a join would read the whole college."""
    return sa.select(column).where(col(Enrolment.id) == Panel.enrolment_id).scalar_subquery()


PERSON = _of_enrolment(Enrolment.person_id)

ORDERS: Orders = {PanelSort.DUE: (col(Panel.due_on),)}


def _within(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on the panels of a list: within reach, one's own to judge, or a review to take."""
    taking = (
        scoped(actor.using(P.PANEL_SIT), college=Panel.college_id) & _free() & IS_OPEN & ~_judged_by(actor.person_id)
    )
    columns = {"college": Panel.college_id, "cohort": _of_enrolment(Enrolment.cohort_id), "person": PERSON}
    return scoped(actor, **columns) | _seated(actor.person_id) | taking


def list_panels(db: Session, actor: Actor, query: PanelsQuery) -> Page[PanelRow]:
    """Return a page of the panels that the actor reads, sits on, or may take."""
    where = [_within(actor), *NAMES.matches(PERSON, query.words, sorted(actor.colleges))]
    if query.etat is not PanelFilter.ALL:
        where.append(~IS_OPEN if query.etat is PanelFilter.DECIDED else IS_OPEN)
    if query.etat is PanelFilter.OVERDUE:
        where.append(col(Panel.due_on) < today())
    chosen = sa.select(col(Panel.id)).where(*where)
    page = fetch_page(db, chosen, query, ORDERS, col(Panel.id))
    rows = {row.id: row for row in _rows(db, actor, col(Panel.id).in_([row.id for row in page.items]))}
    return page.map(lambda row: rows[row.id])


def panels_after(db: Session, actor: Actor, query: PanelsApiQuery) -> PanelPage:
    """Return the panels that the actor reads, sits on, or may take, for the API."""
    where = [_within(actor)]
    if query.open is not None:
        where.append(IS_OPEN if query.open else ~IS_OPEN)
    chosen = sa.select(col(Panel.id)).where(*where)
    chosen_rows, next_ = fetch_after(
        db, chosen, (col(Panel.due_on),), col(Panel.id), after=query.after, limit=query.limit
    )
    rows = {row.id: row for row in _rows(db, actor, col(Panel.id).in_([row.id for row in chosen_rows]))}
    return PanelPage(items=tuple(rows[row.id] for row in chosen_rows), next=next_)


def panels_of(db: Session, actor: Actor, enrolment: EnrolmentRef) -> tuple[PanelRow, ...]:
    """Return the panels of an enrolment, latest first."""
    return tuple(reversed(_rows(db, actor, col(Panel.enrolment_id) == enrolment.id)))


def count_overdue(db: Session, actor: Actor) -> int:
    """Return how many panels within reach are open after their last day."""
    within = scoped(actor, college=Panel.college_id)
    statement = sa.select(sa.func.count()).select_from(Panel).where(within, IS_OPEN, col(Panel.due_on) < today())
    return int(db.execute(statement).scalar_one())


def _rows(db: Session, actor: Actor, where: ColumnElement[bool]) -> list[PanelRow]:
    """Return the rows of panels, in the order of their ids, in three statements at most."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(Panel, Person, col(Cohort.title), col(Cohort.timezone), ~IS_OPEN, _judged_by(actor.person_id))
        .join(Enrolment, col(Enrolment.id) == Panel.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .where(where)
        .order_by(col(Panel.id))
    )
    panels = db.execute(statement).all()
    if not panels:
        return []
    ids = [row[0].id for row in panels]
    seats = _seats(db, ids)
    opinions: dict[int, list[Vote]] = {}
    for row in db.exec(select(PanelOpinion).where(col(PanelOpinion.panel_id).in_(ids))).all():
        opinions.setdefault(row.panel_id, []).append(Vote(row.assessor_id, row.round, row.level))
    log_access(db, [(person.id, panel.college_id) for panel, person, *_ in panels])
    rows = []
    for panel, person, title, zone, decided, judged in panels:
        named = seats.get(panel.id, [])
        assessors = rules.current_assessors(named)
        votes = rules.counted_votes(named, opinions.get(panel.id, []), decided=decided)
        state = rules.state_of(panel.kind, assessors, votes, decided=decided)
        ref = PanelRef(**panel.model_dump(include=set(PanelRef.model_fields)), person_id=person.id)
        rows.append(
            PanelRow(
                **panel.model_dump(include=set(PanelRow.model_fields)),
                name=person.name,
                cohort_title=title,
                state=state,
                is_overdue=not decided and panel.due_on < today(zone),
                may_take=not (decided or judged) and _may_take(actor, ref, assessors),
            )
        )
    return rows
