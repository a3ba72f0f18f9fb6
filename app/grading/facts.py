"""Loader of the facts that grading gives to progress: judgements in force."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.models import Cohort, Enrolment
from app.grading.models import Judgement
from app.platform.database.rows import not_superseded
from app.platform.database.session import Session
from app.platform.messages.i18n import local
from app.progress.facts import Fact, Judged
from app.progress.service import FactSource, Ids, named_enrolments, of_enrolments

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


def _load(db: Session, ids: Ids) -> Iterable[tuple[int, Fact]]:
    for enrolment_id, judgement_id, code, level, at, zone in db.execute(_JUDGED, {"ids": ids}):
        yield enrolment_id, Judged(judgement_id, code, level, local(at, zone).date())


FACTS = (FactSource(affects={Judgement: named_enrolments}, load=_load),)
