"""Activities done, hand-ins and field hours as they come in and go out. Times are minutes, moments UTC."""

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from app.platform.schema import Command, Read

Code = Annotated[str, StringConstraints(min_length=1, max_length=20)]


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
