"""What the functions that do not look with ``scoped`` are without what they check, for ``soak_checks``."""

from collections.abc import Callable
from typing import Any

from sqlmodel import col, select

from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.enterprises.rules import normal_neq
from app.accompaniment.enterprises.schemas import EnterpriseShown
from app.codev.confidences.places import MemberPlace, place_of
from app.codev.groups.models import CodevMembership
from app.codev.sessions.models import CodevSession
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


def any_own_place(db: Session, _: object, session_id: int) -> MemberPlace:
    """Return what ``see_own_place`` does, for a member of the session's group, whoever asks."""
    first = (
        select(CodevSession, CodevMembership, Enrolment.person_id)
        .join(CodevMembership, col(CodevMembership.group_id) == CodevSession.group_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(CodevSession.id == session_id, col(CodevMembership.left_on).is_(None))
        .order_by(col(CodevMembership.id))
    )
    if (row := db.exec(first).first()) is None:
        raise NotFound
    session, membership, person_id = row
    return place_of(session, membership, person_id=person_id)


UNSCOPED: dict[str, Callable[..., Any]] = {
    "see_open_cohort": any_cohort,
    "see_by_neq": any_neq,
    "see_own_application": any_application,
    "see_own_place": any_own_place,
}
