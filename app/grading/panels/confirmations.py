"""Panels on a judgement, with the hold that lasts until they decide: it is contested, or to be confirmed (S5, S6)."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import col

from app.accompaniment.interests.service import conflicted
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel, PanelDecision, PanelSeat
from app.holds.enums import HoldKind
from app.holds.schemas import Opening
from app.holds.service import open_hold
from app.network.models import College
from app.platform.clock import now
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import t, today
from app.platform.security.actor import Actor
from app.platform.working_days import add_working_days


def review_days(db: Session, enrolment: EnrolmentRef) -> int:
    """Return how many working days a panel has."""
    return db.get_one(College, enrolment.college_id).review_days


def due_on(db: Session, enrolment: EnrolmentRef) -> date:
    """Return the day by which a panel that opens today decides."""
    return add_working_days(today(enrolment.timezone), review_days(db, enrolment))


def open_held_panel(
    db: Session,
    actor: Actor,
    enrolment: EnrolmentRef,
    *,
    kind: PanelKind,
    judgement_id: int,
    competency: str,
    hold: HoldKind,
    hold_reason: str,
    motive: str | None = None,
) -> Panel:
    """Open a panel on a judgement, and the hold that lasts until it decides."""
    opening = Opening(
        college_id=enrolment.college_id,
        person_id=enrolment.person_id,
        kind=hold,
        reason=hold_reason,
        enrolment_id=enrolment.id,
    )
    row = Panel(
        college_id=enrolment.college_id,
        enrolment_id=enrolment.id,
        competency_code=competency,
        kind=kind,
        judgement_id=judgement_id,
        hold_id=open_hold(db, actor, opening),
        evidence=[],
        motive=motive,
        opened_at=now(),
        opened_by=actor.person_id,
        due_on=due_on(db, enrolment),
    )
    db.add(row)
    db.flush()
    return row


def open_confirmation(db: Session, actor: Actor, enrolment: EnrolmentRef, judgement_id: int, competency: str) -> None:
    """Have another assessor confirm a judgement, unless it awaits or had one; a hold lasts until then."""
    if _has_confirmation(db, enrolment, judgement_id):
        return
    open_held_panel(
        db,
        actor,
        enrolment,
        kind=PanelKind.CONFLICT,
        judgement_id=judgement_id,
        competency=competency,
        hold=HoldKind.CONFLICT,
        hold_reason=t("panels.conflict.hold", competency=competency),
    )


def _has_confirmation(db: Session, enrolment: EnrolmentRef, judgement_id: int) -> bool:
    """Return whether a judgement awaits a confirmation, or had one of somebody who declared no interest since."""
    statement = (
        sa.select(col(PanelDecision.id), col(PanelSeat.assessor_id))
        .select_from(Panel)
        .outerjoin(PanelDecision, col(PanelDecision.panel_id) == Panel.id)
        .outerjoin(PanelSeat, (col(PanelSeat.panel_id) == Panel.id) & not_superseded(PanelSeat))
        .where(col(Panel.judgement_id) == judgement_id, col(Panel.kind) == PanelKind.CONFLICT)
    )
    confirmations = db.execute(statement).all()
    if not confirmations:
        return False
    declared = conflicted(db, enrolment.id, [row.assessor_id for row in confirmations if row.id is not None])
    return any(row.id is None or row.assessor_id not in declared for row in confirmations)
