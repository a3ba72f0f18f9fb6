"""What a person is told of the changes of their enrolment."""

from datetime import datetime

from app.cohorts.applications.service import has_application
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove
from app.cohorts.rules import PENDING
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session

S = EnrolmentState
PATHS_PAGE = "/parcours"
"""Where someone reads on once they are admitted; before, on the page of their application."""


def tell_move(db: Session, row: Enrolment, move: EnrolmentMove, *, until: datetime | None = None) -> None:
    """Tell the person of an enrolment that its state has changed, but what they did themselves short of an admission.

    ``until`` is when the offer of a seat expires.
    """
    is_own_act = move.moved_by == row.person_id and move.to_state is not S.ADMITTED
    if move.from_state is None or is_own_act:
        return
    cohort = db.get_one(Cohort, row.cohort_id)
    params: dict[str, object] = {"cohort": cohort.title}
    kind, page = Kind.ENROLMENT_CHANGED, PATHS_PAGE
    if move.to_state in PENDING | {S.REFUSED, S.DECLINED} and has_application(db, row.id):
        page = f"/candidatures/{row.id}"
    if move.to_state is S.REFUSED:
        kind = Kind.APPLICATION_REFUSED
    elif move.to_state is S.OFFERED:
        kind = Kind.SEAT_OFFERED
        params |= {"until_at": until, "timezone": cohort.timezone}
    elif move.to_state is S.DECLINED and move.moved_by is None:
        kind = Kind.OFFER_EXPIRED
    elif move.to_state is S.ADMITTED and move.from_state in PENDING:
        kind, params["starts_on"] = Kind.ADMITTED, cohort.starts_on
    elif move.to_state is S.ACTIVE and move.from_state is S.ADMITTED:
        kind = Kind.TRAINING_STARTED
    else:
        params["state"] = move.to_state.value
    notify(db, Event(kind, f"move:{move.id}", [row.person_id], page, params, row.college_id))
