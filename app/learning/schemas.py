"""Activities done, hand-ins and field hours as they come in and go out. Times are minutes, moments UTC."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from app.cohorts.schemas import Why
from app.web import Command, Line, Prose, Read

Code = Annotated[str, StringConstraints(min_length=1, max_length=20)]
MINUTES_A_DAY = 1440


class CompletionCommand(Command):
    """An activity done alone is finished, or (``done`` false) it is not after all; today unless told."""

    activity_code: Code
    done: bool = True
    done_on: date | None = None


class CompletionShown(Read):
    """What someone last said of an activity done alone."""

    id: int
    activity_code: str
    done: bool
    done_on: date
    recorded_at: datetime


class TextCommand(Command):
    """A text handed in; ``completed_at`` says when it was finished, sent later for want of a network (S1)."""

    activity_code: Code
    body: Prose
    completed_at: AwareDatetime | None = None


class FileCommand(Command):
    """A file handed in: its name, cleaned by ``rules.clean_name``, and its bytes."""

    activity_code: Code
    name: str
    content: bytes
    completed_at: AwareDatetime | None = None


class Punctuality(StrEnum):
    """When a hand-in came, against the end of its module's week; ``on_time_declared`` rests on grace (S1)."""

    ON_TIME = "on_time"
    ON_TIME_DECLARED = "on_time_declared"
    LATE = "late"


class HandInRow(Read):
    """An attempt in a list, without its text."""

    id: int
    enrolment_id: int
    activity_code: str
    attempt: int
    file_name: str | None = None
    file_type: str | None = None
    file_size: int | None = Field(default=None, description="bytes")
    file_sha256: str | None = None
    completed_at_declared: datetime | None = None
    received_at: datetime
    due_on: date
    punctuality: Punctuality


class HandInShown(HandInRow):
    """An attempt that the actor may see, whole."""

    college_id: int
    cohort_id: int
    person_id: int
    name: str
    body: str | None = None


class HoursState(StrEnum):
    """What became of declared hours."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class HoursCommand(Command):
    """Minutes spent in an enterprise on one day, for a field activity."""

    activity_code: Code
    minutes: Annotated[int, Field(ge=1, le=MINUTES_A_DAY)]
    worked_on: date
    note: Line | None = None


class HoursShown(Read):
    """Declared hours that the actor may see, with the countersignature in force."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int
    name: str
    cohort_title: str
    curriculum_slug: str
    curriculum_version: str
    activity_code: str
    minutes: int
    worked_on: date
    note: str
    declared_at: datetime
    state: HoursState
    countersignature_id: int | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


class CountersignCommand(Command):
    """Accept or refuse declared hours; a refusal says why, and so does a change of mind."""

    accepted: bool
    reason: Why | None = None
    supersedes: int | None = Field(default=None, description="the countersignature in force, when there is one")
