"""Cohorts, enrolments, sessions and roll calls as they come in and go out."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from app.platform.schema import Command, Read


class CatchUpCommand(Command):
    """A missed workshop to make up before a date."""

    activity_code: Annotated[str, StringConstraints(max_length=20)]
    due_on: date


class CatchUpDone(Command):
    """It was made up on a date."""

    done_on: date


class CatchUpShown(Read):
    """A catch-up, done or not."""

    id: int
    enrolment_id: int
    activity_code: str
    minutes: int
    due_on: date
    done_on: date | None


class Missed(Read):
    """A workshop missed for good that can be made up: the day it was held, and its minutes."""

    activity_code: str
    on: date
    minutes: int
