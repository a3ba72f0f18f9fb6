"""Judgements to be confirmed by another assessor, once their author declared an interest in the work (S6)."""

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading.panels import rules
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel
from app.grading.schemas import JudgementShown
from app.holds.enums import HoldKind
from app.holds.schemas import Opening
from app.holds.service import open_hold
from app.network.models import College
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import t, today
from app.platform.security.actor import Actor


def open_confirmation(db: Session, actor: Actor, enrolment: EnrolmentRef, judgement: JudgementShown) -> None:
    """Have another assessor confirm a judgement, unless it awaits or had one; a hold lasts until then."""
    before = sa.exists().where(col(Panel.judgement_id) == judgement.id, col(Panel.kind) == PanelKind.CONFLICT)
    if db.execute(sa.select(before)).scalar_one():
        return
    opening = Opening(
        college_id=enrolment.college_id,
        person_id=enrolment.person_id,
        kind=HoldKind.CONFLICT,
        reason=t("panels.conflict.hold", competency=judgement.competency_code),
        enrolment_id=enrolment.id,
    )
    days = db.get_one(College, enrolment.college_id).review_days
    db.add(
        Panel(
            college_id=enrolment.college_id,
            enrolment_id=enrolment.id,
            competency_code=judgement.competency_code,
            kind=PanelKind.CONFLICT,
            judgement_id=judgement.id,
            hold_id=open_hold(db, actor, opening),
            evidence=[],
            opened_at=now(),
            opened_by=actor.person_id,
            due_on=rules.add_working_days(today(enrolment.timezone), days),
        )
    )
    db.flush()
