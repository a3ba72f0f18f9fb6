"""Commands and read models of a cohort's life."""

from datetime import datetime

from app.cohorts.enums import CohortState
from app.cohorts.schemas import CohortRef, Justification
from app.cohorts.settings.schemas import Confirmation
from app.platform.errors import Reason, Scalar
from app.platform.schema import Read


class MoveCohortForm(Confirmation):
    """What is typed with a change of a cohort's state; refused when its consequences are not those of ``shown``."""

    reason: Justification | None = None
    leave_incomplete: bool = False


class MoveCohort(MoveCohortForm):
    """A change of a cohort's state."""

    to: CohortState


class Effect(Read):
    """Something that a change brings, or that stands in its way: a stable code and its numbers."""

    code: str
    params: dict[str, Scalar]

    @property
    def reason(self) -> Reason:
        """The same as rules return it, for pages."""
        return Reason(self.code, self.params)


class MovePreview(Read):
    """What a move would change, and what stands in its way; ``shown`` names exactly this in the move's command."""

    to: CohortState
    allowed: bool
    needs_reason: bool
    unfinished: int
    obstacles: tuple[Effect, ...]
    effects: tuple[Effect, ...]
    shown: str


class CohortMoved(CohortRef):
    """A cohort after a move; ``people`` is how many enrolments it changed."""

    people: int


class CohortMoveShown(Read):
    """A past change of a cohort's state."""

    from_state: CohortState
    to_state: CohortState
    moved_at: datetime
    by: str
    reason: str | None
    people: int
