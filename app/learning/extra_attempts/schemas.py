"""Command and read model of extra attempts. Moments are UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from app.learning.activities.schemas import ActivityCode
from app.platform.schema import Command, Prose, Read

OpeningReason = Annotated[Prose, StringConstraints(max_length=500)]


class ExtraAttemptCommand(Command):
    """One more attempt at an assessment, and why."""

    activity_code: ActivityCode
    reason: OpeningReason


class ExtraAttemptShown(Read):
    """An attempt that was opened beyond the first two."""

    id: int
    enrolment_id: int
    activity_code: str
    reason: str
    opened_at: datetime
    opened_by: str
