"""The facts that recognition gives to progress: the levels that decisions granted (S9)."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.platform.messages.i18n import local
from app.progress.facts import Recognised
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments
from app.recognition.enums import StepKind
from app.recognition.models import PriorLearningClaim, PriorLearningStep

_GRANTED = (
    sa.select(
        col(PriorLearningStep.enrolment_id),
        col(PriorLearningStep.id),
        col(PriorLearningClaim.competency_code),
        col(PriorLearningStep.level),
        col(PriorLearningStep.recorded_at),
        col(Cohort.timezone),
    )
    .join(PriorLearningClaim, col(PriorLearningClaim.id) == PriorLearningStep.claim_id)
    .join(Enrolment, col(Enrolment.id) == PriorLearningStep.enrolment_id)
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .where(of_enrolments(PriorLearningStep.enrolment_id), col(PriorLearningStep.kind) == StepKind.GRANTED)
)


def _recognised(step_id: int, code: str, level: int, at: datetime, zone: str) -> Recognised:
    return Recognised(step_id, code, level, local(at, zone).date())


FACTS = (FactSource(affects={PriorLearningStep: named_enrolments}, queries=(FactQuery(_GRANTED, _recognised),)),)
