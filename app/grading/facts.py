"""The facts that grading gives to progress: judgements in force."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.grading.models import Judgement
from app.platform.database.rows import not_superseded
from app.platform.messages.i18n import local
from app.progress.facts import Judged
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments

_JUDGED = (
    sa.select(
        col(Judgement.enrolment_id),
        col(Judgement.id),
        col(Judgement.competency_code),
        col(Judgement.level),
        col(Judgement.validated_at),
        col(Cohort.timezone),
    )
    .join(Enrolment, col(Enrolment.id) == Judgement.enrolment_id)
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .where(of_enrolments(Judgement.enrolment_id), not_superseded(Judgement))
)


def _judged(judgement_id: int, code: str, level: int, at: datetime, zone: str) -> Judged:
    return Judged(judgement_id, code, level, local(at, zone).date())


FACTS = (FactSource(affects={Judgement: named_enrolments}, queries=(FactQuery(_JUDGED, _judged),)),)
