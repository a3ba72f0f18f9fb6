"""The path of an activity's page, and what its forms make of what they receive."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import curriculum_of
from app.platform.errors import NotFound

ACTIVITY = "/parcours/{enrolment_id}/activites/{code}"


def activity_path(enrolment_id: int, code: str) -> str:
    """Return the path of the page of an activity."""
    return f"/parcours/{enrolment_id}/activites/{code}"


def require_activity(enrolment: EnrolmentRef, code: str) -> None:
    """Raise ``NotFound`` when the path of the enrolment has no such activity."""
    if code not in curriculum_of(enrolment).placed:
        raise NotFound


def cohort_moment(value: datetime | None, enrolment: EnrolmentRef) -> datetime | None:
    """Return a local time as a moment in the cohort's zone; the first one when clocks go back over it."""
    return value.replace(tzinfo=ZoneInfo(enrolment.timezone)) if value is not None else None
