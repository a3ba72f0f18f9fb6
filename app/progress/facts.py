"""The types of facts about an enrolment, which the loaders of features return and ``rules.fold`` reads.

Facts are closed records (a closed roll call, countersigned hours), so that a projection never depends on
the time of day. A record that a correction superseded is no fact: loaders leave it out.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from app.curricula.enums import MandateKind


@dataclass(frozen=True, slots=True)
class Attended:
    """An entry of a closed roll call, of a session that was not cancelled (BR-08); absence is 0 minutes."""

    session_id: int
    activity_code: str
    on: date
    planned_minutes: int
    minutes: int


@dataclass(frozen=True, slots=True)
class CatchUpAssigned:
    """A missed workshop to make up; ``done_on`` is set once it was (S2)."""

    activity_code: str
    minutes: int
    done_on: date | None


@dataclass(frozen=True, slots=True)
class ActivityDone:
    """An activity done alone that the participant declared finished."""

    activity_code: str
    on: date


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attempt handed in for an activity."""

    activity_code: str
    on: date
    attempt: int


@dataclass(frozen=True, slots=True)
class FieldTime:
    """Minutes declared for a field activity; ``accepted`` is ``None`` until they are countersigned or refused."""

    hours_id: int
    activity_code: str
    on: date
    minutes: int
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class CodevAttended:
    """A member's presence at a codevelopment session that was held; absence is 0 minutes."""

    session_id: int
    activity_code: str
    on: date
    planned_minutes: int
    minutes: int


@dataclass(frozen=True, slots=True)
class CodevClient:
    """A consultation held to its end in which the member was the client."""

    session_id: int
    position: int
    on: date


@dataclass(frozen=True, slots=True)
class MandateDone:
    """A mandate with the dates of its three steps, once they are done (BR-15)."""

    mandate_id: int
    kind: MandateKind
    enterprise_id: int
    agreement_on: date | None
    diagnostic_on: date | None
    plan_on: date | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A validated level of a competency (BR-12)."""

    judgement_id: int
    competency_code: str
    level: int
    on: date


@dataclass(frozen=True, slots=True)
class Recognised:
    """A level of a competency that a decision recognises from before the path (S9)."""

    decision_id: int
    competency_code: str
    level: int
    on: date


@dataclass(frozen=True, slots=True)
class Credited:
    """What an activity gets from one of another version or path, through a mapping (S3, S8).

    ``complete`` completes it, on the day ``on``; otherwise it keeps the minutes and stays to do.
    """

    activity_code: str
    minutes: int
    on: date
    complete: bool


@dataclass(frozen=True, slots=True)
class CarriedActivity:
    """What was recognised of an activity in an earlier enrolment, as a transfer carried it (S3).

    ``sessions`` are the codevelopment sessions that the person took part in; a turn as client is never carried.
    """

    origin_enrolment_id: int
    activity_code: str
    minutes: int
    complete: bool
    on: date | None
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class CarriedAttendance:
    """The minutes attended in an earlier enrolment and their base (BR-08), which follow the person (S3)."""

    origin_enrolment_id: int
    attended_minutes: int
    base_minutes: int


Fact: TypeAlias = (
    Attended
    | CatchUpAssigned
    | ActivityDone
    | HandedIn
    | FieldTime
    | CodevAttended
    | CodevClient
    | MandateDone
    | Judged
    | Recognised
    | Credited
    | CarriedActivity
    | CarriedAttendance
)


@dataclass(frozen=True, slots=True)
class Basis:
    """The dates of the cohort and the enrolment that the progress depends on."""

    starts_on: date
    joined_on: date | None
