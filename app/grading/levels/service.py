"""Loads what the levels of an enrolment rest on: three statements at most, however many competencies."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.grading import service as grading
from app.grading.evidence.service import evidence_refs
from app.grading.levels import rules
from app.grading.levels.schemas import LevelShown
from app.grading.panels.models import Panel, PanelDecision, PanelSeat
from app.grading.schemas import EvidenceShown, JudgementShown
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session


def levels_of(
    db: Session,
    enrolment: EnrolmentRef,
    judgements: Sequence[JudgementShown] | None = None,
    evidence: Sequence[EvidenceShown] | None = None,
) -> list[LevelShown]:
    """Return the level reached in each judged competency, with how much it rests on.

    Of ``judgements`` where they were read already: all those of the enrolment, or of some competencies; of ``evidence``
    where all that of the enrolment was.
    """
    if judgements is None:
        judgements = grading.judgements(db, enrolment)
    if not judgements:
        return []
    panels: dict[int, set[int]] = defaultdict(set)
    members = (
        sa.select(col(PanelDecision.judgement_id), col(PanelSeat.assessor_id))
        .join(Panel, col(Panel.id) == PanelDecision.panel_id)
        .join(PanelSeat, col(PanelSeat.panel_id) == Panel.id)
        .where(col(Panel.enrolment_id) == enrolment.id, not_superseded(PanelSeat))
    )
    for judgement_id, assessor_id in db.execute(members):
        panels[judgement_id].add(assessor_id)
    if evidence is None:
        activities = evidence_refs(db, enrolment)
    else:
        activities = {item.ref: item.activity_code for item in evidence}
    return rules.levels(judgements, activities, panels)
