"""The facts that learning gives to progress: activities done, hand-ins received."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.learning.activities.models import ActivityCompletion
from app.learning.hand_ins.models import HandIn
from app.platform.database.rows import not_superseded
from app.platform.messages.i18n import local
from app.progress.facts import ActivityDone, HandedIn
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments

_COMPLETIONS = sa.select(
    col(ActivityCompletion.enrolment_id), col(ActivityCompletion.activity_code), col(ActivityCompletion.done_on)
).where(
    of_enrolments(ActivityCompletion.enrolment_id), not_superseded(ActivityCompletion), col(ActivityCompletion.done)
)

_HAND_INS = (
    sa.select(
        col(HandIn.enrolment_id),
        col(HandIn.activity_code),
        col(HandIn.received_at),
        col(HandIn.attempt),
        col(Cohort.timezone),
    )
    .join(Enrolment, col(Enrolment.id) == HandIn.enrolment_id)
    .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
    .where(of_enrolments(HandIn.enrolment_id))
)


def _handed_in(code: str, received_at: datetime, attempt: int, zone: str) -> HandedIn:
    return HandedIn(code, local(received_at, zone).date(), attempt)


FACTS = (
    FactSource(affects={ActivityCompletion: named_enrolments}, queries=(FactQuery(_COMPLETIONS, ActivityDone),)),
    FactSource(affects={HandIn: named_enrolments}, queries=(FactQuery(_HAND_INS, _handed_in),)),
)
