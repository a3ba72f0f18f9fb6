"""The catch-up list of an enrolment, as its coordinator decides of it and its participant reads it."""

from datetime import date

from pydantic import Field

from app.overview.late_join.enums import How
from app.platform.schema import Read


class PassedActivity(Read):
    """An activity of a module that is passed: how it is caught up, and until when."""

    activity_code: str
    title: str
    minutes: int
    how: How
    on: date | None = Field(description="day of the session that was missed, or of the one to come")
    due_on: date | None = Field(description="day by which it is made up; the day proposed where nothing is decided yet")
    waived_because: str | None = None


class CodevLeft(Read):
    """What a module's codevelopment still needs: nothing of it is recorded, so that it is never caught up (S2)."""

    needed: int = Field(description="sessions still to attend")
    left: int = Field(description="sessions that the person's group has not held yet")
    has_group: bool

    @property
    def is_out_of_reach(self) -> bool:
        """Whether the group has too few sessions left: a seat in another group is needed."""
        return self.left < self.needed


class OutOfReach(CodevLeft):
    """Someone whose quorum of codevelopment (BR-09) can no longer be met in their cohort."""

    enrolment_id: int
    name: str


class PassedModule(Read):
    """A module that is passed, or of which a session was missed."""

    code: str
    title: str
    due_on: date
    activities: tuple[PassedActivity, ...]
    codev: CodevLeft | None = None


class CatchUpList(Read):
    """What someone missed, as a whole; the minutes made up enter the attendance base, those waived do not (BR-08)."""

    enrolment_id: int
    joined_on: date | None
    to_decide: int
    assigned_minutes: int
    waived_minutes: int
    modules: tuple[PassedModule, ...]
