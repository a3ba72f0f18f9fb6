"""The facts that transfers give to progress: what the last file that an enrolment received holds."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.models import Enrolment
from app.platform.database.rows import not_superseded
from app.progress.facts import Fact
from app.progress.service import FactQuery, FactSource, named_enrolments, of_enrolments
from app.transfers.models import CarriedFile
from app.transfers.rules import carried_facts
from app.transfers.schemas import Package
from app.transfers.versions import mappings_to

_FILES = (
    sa.select(
        col(CarriedFile.enrolment_id),
        col(Enrolment.curriculum_slug),
        col(Enrolment.curriculum_version),
        col(CarriedFile.body),
    )
    .join(Enrolment, col(Enrolment.id) == CarriedFile.enrolment_id)
    .where(of_enrolments(CarriedFile.enrolment_id), not_superseded(CarriedFile))
)


def _carried(slug: str, version: str, body: dict[str, Any]) -> tuple[Fact, ...]:
    return carried_facts(Package.model_validate(body), mappings_to(slug, version))


FILES = FactSource(affects={CarriedFile: named_enrolments}, queries=(FactQuery(_FILES, _carried),))
FACTS = (FILES,)
