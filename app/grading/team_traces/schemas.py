"""Commands and read models of the traces of a team. Moments are UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.platform.schema import Command, Read

LARGEST_TEAM = 200


class TeamCommand(Command):
    """Who made a trace with its author, by their enrolments in the cohort; nobody, when it is empty."""

    enrolment_ids: Annotated[tuple[int, ...], Field(max_length=LARGEST_TEAM)] = ()


class TraceRef(Read):
    """A trace of an activity that teams do, within the actor's reach; commands accept it."""

    id: int
    activity_code: str
    enrolment: EnrolmentRef


class TeamMate(Read):
    """Someone who follows the cohort of a trace's author.

    ``has_left``: the author named them, and they said that they are not of the team.
    """

    enrolment_id: int
    name: str
    in_team: bool
    has_left: bool


class TraceTeam(Read):
    """The team of a trace: who follows the cohort but its author, by name; it no longer changes once ``is_judged``."""

    hand_in_id: int
    is_judged: bool
    mates: tuple[TeamMate, ...]

    @property
    def members(self) -> tuple[TeamMate, ...]:
        """Those whom the author named."""
        return tuple(mate for mate in self.mates if mate.in_team)


class TeamTraceRow(Read):
    """A trace that somebody else of the team deposited, without its text; ``id`` is that of the share."""

    id: int
    hand_in_id: int
    enrolment_id: int = Field(description="of the member who reads it")
    author: str
    activity_code: str
    file_name: str | None = None
    file_type: str | None = None
    file_size: int | None = Field(default=None, description="bytes")
    file_sha256: str | None = None
    received_at: datetime


class TeamTrace(TeamTraceRow):
    """A trace that a member of its team may read, with its text; commands accept it."""

    college_id: int
    body: str | None = None
    link: str | None = None
