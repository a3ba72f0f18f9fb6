"""What a change of an enrolment's state would leave to others."""

from app.codev.groups.quorum import group_left_small
from app.codev.groups.rules import MIN_SIZE
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.overview.enrolment.schemas import DepartureEffects
from app.platform.database.session import Session


def departure_effects(db: Session, enrolment: EnrolmentRef) -> DepartureEffects:
    """Return what someone's withdrawal or suspension would leave."""
    return DepartureEffects(small_group=group_left_small(db, enrolment), minimum=MIN_SIZE)
