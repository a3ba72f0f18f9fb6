"""Commands and read models of missed workshops and catch-ups."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from app.platform.schema import Code, Command, Read


class CatchUpCommand(Command):
    """A missed workshop to make up before a date."""

    activity_code: Annotated[Code, StringConstraints(max_length=20)]
    due_on: date


class CatchUpDone(Command):
    """The date on which a catch-up was done."""

    done_on: date


class CatchUpRef(Read):
    """An assigned catch-up that was loaded within the actor's reach; services accept it as proof."""

    id: int
    enrolment_id: int
    activity_code: str
    minutes: int
    due_on: date


class CatchUpShown(CatchUpRef):
    """A catch-up, done or not."""

    done_on: date | None


class Missed(Read):
    """A workshop missed for good that can be made up: the day of its last session, and its planned minutes."""

    activity_code: str
    on: date
    minutes: int
