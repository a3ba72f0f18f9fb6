"""What people are told when a cohort's dates or place change."""

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.rules import PENDING
from app.identity.staff.service import team_of
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.clock import now
from app.platform.database.session import Session

S = EnrolmentState
KNOWING = PENDING | {S.ADMITTED, S.ACTIVE, S.ON_LEAVE}
"""Who counts on the dates and the place that were announced."""


def tell_changed(db: Session, cohort: Cohort) -> None:
    """Tell who follows a cohort or waits to, and its staff, but not whoever changed it."""
    actor = db.actor_context.person_id
    knowing = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.cohort_id) == cohort.id, col(Enrolment.state).in_(KNOWING)
    )
    following = set(db.execute(knowing).scalars()) - {actor}
    staff = {member.person_id for member in team_of(db, cohort.id)} - following - {actor}
    params: dict[str, object] = {
        "cohort": cohort.title,
        "starts_on": cohort.starts_on,
        "ends_on": cohort.ends_on,
        "place": cohort.place,
    }
    key = f"cohort:{cohort.id}:{now().isoformat()}"
    for people, page in ((following, "/parcours"), (staff, f"/cohortes/{cohort.id}")):
        notify(db, Event(Kind.COHORT_CHANGED, key, sorted(people), page, params, cohort.college_id))
