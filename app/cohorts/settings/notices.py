"""What people are told when a cohort's dates or place change."""

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enrolments.notices import PATHS_PAGE
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Application, Cohort, Enrolment
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
    has_applied = sa.exists().where(col(Application.enrolment_id) == Enrolment.id)
    knowing = sa.select(col(Enrolment.id), col(Enrolment.person_id), col(Enrolment.state), has_applied).where(
        col(Enrolment.cohort_id) == cohort.id,
        col(Enrolment.state).in_(KNOWING),
        col(Enrolment.person_id).is_distinct_from(actor),
    )
    pages = {
        person_id: f"/candidatures/{id_}" if state in PENDING and applied else PATHS_PAGE
        for id_, person_id, state, applied in db.execute(knowing)
    }
    staff = {member.person_id for member in team_of(db, cohort.id)} - pages.keys() - {actor}
    readers: dict[str, list[int]] = {f"/cohortes/{cohort.id}": sorted(staff)}
    for person_id, page in sorted(pages.items()):
        readers.setdefault(page, []).append(person_id)
    params: dict[str, object] = {
        "cohort": cohort.title,
        "starts_on": cohort.starts_on,
        "ends_on": cohort.ends_on,
        "place": cohort.place,
    }
    key = f"cohort:{cohort.id}:{now().isoformat()}"
    notify(
        db,
        *(Event(Kind.COHORT_CHANGED, key, people, page, params, cohort.college_id) for page, people in readers.items()),
    )
