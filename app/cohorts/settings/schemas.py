"""Commands of a cohort's settings, and the confirmation of what was read before."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.cohorts.rules import MOST_SEATS
from app.cohorts.schemas import CohortCode
from app.network.schemas import GraceHours, LateJoinPercent
from app.platform.schema import Code, Command, Line

Mark = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


def _read(value: object) -> object:
    """Return a mark; one that is missing is a validation error that says what to do first."""
    if value in (None, ""):
        raise PydanticCustomError("preview_needed", "read what it would do, then send its mark back")
    return value


class Confirmation(Command):
    """What was read before it is confirmed: ``shown`` is that of its preview, without which nothing is done."""

    shown: Annotated[Mark, BeforeValidator(_read)]

    @model_validator(mode="before")
    @classmethod
    def _as_typed(cls, values: Any) -> Any:  # noqa: ANN401 - whatever the body holds
        return {"shown": None, **values} if isinstance(values, Mapping) else values


class CohortChange(Command):
    """What a cohort becomes; its code, path, region and project stay."""

    title: Line
    place: Line
    starts_on: date
    ends_on: date
    capacity: Annotated[int, Field(ge=1, le=MOST_SEATS)]
    late_join_pct: LateJoinPercent
    grace_hours: GraceHours


class ChangeTyped(Command):
    """What was typed of a change, which its form shows again."""

    title: Line | None = None
    place: Line | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    capacity: Annotated[int, Field(ge=1, le=MOST_SEATS)] | None = None
    late_join_pct: LateJoinPercent | None = None
    grace_hours: GraceHours | None = None


class CopyCohort(Command):
    """A cohort to prepare like another one, as a draft.

    The version of the path is the newest published one unless given; its end follows from the other's length, or from
    the path when that has changed. ``with_staff`` gives the same people the same roles.
    """

    code: CohortCode
    title: Line
    starts_on: date
    curriculum_version: Annotated[Code, StringConstraints(max_length=20)] | None = None
    with_staff: bool = False


class ConfirmChange(CohortChange, Confirmation):
    """A change that was read with its effects: refused when they are no longer those that ``shown`` marks."""
