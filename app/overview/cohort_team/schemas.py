"""Commands and read models of the team of a cohort."""

from typing import Annotated

from pydantic import StringConstraints

from app.cohorts.lifecycle.schemas import Effect
from app.cohorts.settings.schemas import Confirmation
from app.identity.staff.schemas import TeamMember
from app.platform.schema import Line, Read


class LeaveTeam(Confirmation):
    """Why someone leaves the team; refused when the effects are no longer those that ``shown`` marks."""

    reason: Annotated[Line, StringConstraints(max_length=500)]


class Team(Read):
    """The people who hold a role in a cohort."""

    items: tuple[TeamMember, ...]


class LeavePreview(Read):
    """What someone's departure leaves without anybody; ``shown`` names exactly this in the command."""

    member: TeamMember
    effects: tuple[Effect, ...]
    shown: str
