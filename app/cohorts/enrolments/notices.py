"""What a person is told of the changes of their enrolment."""

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment, EnrolmentMove
from app.notifications.enums import Kind
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.platform.database.session import Session

OFFER_PAGE, PATHS_PAGE = "/cohortes-ouvertes", "/parcours"
"""Where someone reads on: the cohorts that take applications, or their own paths."""


def tell_move(db: Session, row: Enrolment, move: EnrolmentMove) -> None:
    """Tell the person of an enrolment that its state has changed; an application is their own act."""
    if move.from_state is None:
        return
    cohort = db.get_one(Cohort, row.cohort_id)
    params: dict[str, object] = {"cohort": cohort.title}
    kind, page = Kind.ENROLMENT_CHANGED, PATHS_PAGE
    if move.to_state is EnrolmentState.REFUSED:
        kind, page = Kind.APPLICATION_REFUSED, OFFER_PAGE
    elif move.to_state is EnrolmentState.ADMITTED and move.from_state is EnrolmentState.APPLIED:
        kind, params["starts_on"] = Kind.ADMITTED, cohort.starts_on
    elif move.to_state is EnrolmentState.ACTIVE and move.from_state is EnrolmentState.ADMITTED:
        kind = Kind.TRAINING_STARTED
    else:
        params["state"] = move.to_state.value
    notify(db, Event(kind, f"move:{move.id}", [row.person_id], page, params, row.college_id))
