"""Commands and read models of self check-in."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.attendance.calendar.schemas import SessionRef
from app.attendance.check_ins.rules import GRACE_MINUTES, LONGEST_GRACE
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.cohorts.lifecycle.schemas import Effect
from app.platform.schema import Code, Command, Read


class OpenCheckIn(Command):
    """The opening of a session's check-in: who arrives up to ``grace_minutes`` after the start is not late."""

    grace_minutes: Annotated[int, Field(ge=0, le=LONGEST_GRACE)] = GRACE_MINUTES


class CheckInCommand(Command):
    """A person's own check-in: the code that the room or the call shows just then, and how they attend."""

    code: Annotated[Code, StringConstraints(min_length=1, max_length=20)]
    mode: PresenceMode | None = None


class OwnCheckInRef(Read):
    """A session seen by someone on its roll, for their own check-in; services accept it as proof."""

    session: SessionRef
    activity_title: str
    enrolment_id: int
    person_id: int


class CheckInShown(Read):
    """A check-in, with the presence that it proposes to whoever calls the roll."""

    enrolment_id: int
    name: str
    checked_in_at: datetime
    mode: PresenceMode
    status: PresenceStatus
    arrived_at: datetime | None


class CheckInState(Read):
    """A session's check-in, for whoever calls its roll; ``code`` and what goes with it only while it is open.

    ``obstacles``: why it cannot be open now.
    """

    is_open: bool
    can_open: bool
    obstacles: tuple[Effect, ...]
    grace_minutes: int | None
    code: str | None
    code_until: datetime | None
    address: str | None
    expected: int
    check_ins: tuple[CheckInShown, ...]


class OwnCheckIn(Read):
    """A person's own check-in to a session; ``checked_in_at`` is ``None`` until they did."""

    is_open: bool
    modes: tuple[PresenceMode, ...]
    checked_in_at: datetime | None
    mode: PresenceMode | None
    status: PresenceStatus | None
    arrived_at: datetime | None
