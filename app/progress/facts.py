"""The vocabulary of facts: what features know about an enrolment and the fold understands.

A fact counts when it is closed (a closed roll call, countersigned hours), so the clock never moves a
projection. What a correction has superseded is not a fact any more: loaders leave it out.
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
    """A missed workshop to make up; ``done_on`` once it was (S2)."""

    activity_code: str
    minutes: int
    done_on: date | None


@dataclass(frozen=True, slots=True)
class ActivityDone:
    """The participant says that an activity done alone is finished."""

    activity_code: str
    on: date


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attempt was received for an activity."""

    activity_code: str
    on: date
    attempt: int


@dataclass(frozen=True, slots=True)
class FieldTime:
    """Minutes declared for a field activity; ``accepted`` is ``None`` while nobody has countersigned."""

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
    """The member was the client of a consultation held to its end."""

    session_id: int
    position: int
    on: date


@dataclass(frozen=True, slots=True)
class MandateDone:
    """How far a mandate has come: the dates of its three facts (BR-15)."""

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
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the fold must know of the enrolment itself."""

    starts_on: date
    joined_on: date | None
