"""Command and read model of activities done alone. Moments are UTC."""

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from app.platform.schema import Code, Command, Read

ActivityCode = Annotated[Code, StringConstraints(min_length=1, max_length=20)]


class CompletionCommand(Command):
    """Mark an activity done or, with ``done`` false, not done after all; ``done_on`` is today when left out."""

    activity_code: ActivityCode
    done: bool = True
    done_on: date | None = None


class CompletionShown(Read):
    """The last mark on an activity done alone."""

    id: int
    activity_code: str
    done: bool
    done_on: date
    recorded_at: datetime
