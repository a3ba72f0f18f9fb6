"""What the functions that do not look with ``scoped`` are without what they check, for ``soak_checks``."""

from collections.abc import Callable
from typing import Any

from sqlmodel import select

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.enterprises.rules import normal_neq
from app.accompaniment.enterprises.schemas import EnterpriseShown
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.waitlist.schemas import OwnApplicationRef
from app.platform.database.session import Session
from app.platform.errors import NotFound


def any_cohort(db: Session, _: object, cohort_id: int) -> CohortRef:
    """Return what ``see_open_cohort`` does, taking applications or not."""
    if (row := db.get(Cohort, cohort_id)) is None:
        raise NotFound
    return CohortRef.model_validate(row)


def any_neq(db: Session, _: object, typed: str) -> EnterpriseShown:
    """Return what ``see_by_neq`` does, in any college."""
    row = db.exec(select(Enterprise).where(Enterprise.neq == normal_neq(typed))).first()
    if row is None:
        raise NotFound
    return EnterpriseShown.model_validate(row)


def any_application(db: Session, _: object, enrolment_id: int) -> OwnApplicationRef:
    """Return what ``see_own_application`` does, whoever applied."""
    if (row := db.get(Enrolment, enrolment_id)) is None:
        raise NotFound
    return OwnApplicationRef(enrolment_id=row.id, **row.model_dump(include={"college_id", "cohort_id", "person_id"}))


UNSCOPED: dict[str, Callable[..., Any]] = {
    "see_open_cohort": any_cohort,
    "see_by_neq": any_neq,
    "see_own_application": any_application,
}
