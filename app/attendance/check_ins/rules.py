"""Pure rules of self check-in: the code of a moment, when it is taken, and the presence that a check-in proposes."""

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

import pyotp

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.rules import Schedule
from app.curricula.enums import Mode
from app.platform.errors import Reason

STEP_SECONDS = 60
"""How long a code is shown; it is taken for one more step, as someone may be typing it when it changes."""
CODE_DIGITS = 6
OPENS_BEFORE = timedelta(minutes=30)
"""How long before its session a check-in may be open: it ends with the session as it is planned."""
GRACE_MINUTES = 10
"""How long after the start nobody is late, unless who opens the check-in says otherwise."""
LONGEST_GRACE = 60

MODES: dict[Mode, tuple[PresenceMode, ...]] = {
    Mode.onsite: (PresenceMode.ONSITE, PresenceMode.PHONE),
    Mode.online: (PresenceMode.VIDEO, PresenceMode.PHONE),
    Mode.hybrid: (PresenceMode.ONSITE, PresenceMode.VIDEO, PresenceMode.PHONE),
}
"""How someone may attend a session of a mode, the usual way first; by telephone when the connection drops (S1)."""


class ProposedPresence(NamedTuple):
    """The presence that a check-in proposes to whoever calls the roll."""

    status: PresenceStatus
    arrived_at: datetime | None


def step_of(at: datetime) -> int:
    """Return the step that a moment is in (as in RFC 6238: T0 is 1970)."""
    return int(at.timestamp()) // STEP_SECONDS


def seconds_left(at: datetime) -> int:
    """Return after how many seconds the code of a moment is no longer shown."""
    return STEP_SECONDS - int(at.timestamp()) % STEP_SECONDS


def code_at(secret: str, at: datetime) -> str:
    """Return the code to show at a moment; ``secret`` is in base 32."""
    return pyotp.HOTP(secret, digits=CODE_DIGITS).at(step_of(at))


def is_code_of(secret: str, typed: str, at: datetime) -> bool:
    """Return whether a code is that of the moment, or of the step before; in the same time, right or wrong."""
    otp, step = pyotp.HOTP(secret, digits=CODE_DIGITS), step_of(at)
    matches = [hmac.compare_digest(otp.at(s).encode(), typed.encode()) for s in (step, step - 1)]
    return any(matches)


def check_in_time(schedule: Schedule) -> tuple[datetime, datetime]:
    """Return from when people may check in, half an hour before the start, and until when: the planned end."""
    return schedule.starts_at - OPENS_BEFORE, schedule.ends_at


def is_time_to_check_in(schedule: Schedule, at: datetime) -> bool:
    """Return whether someone may check in at a moment."""
    begin, end = check_in_time(schedule)
    return begin <= at < end


def closed_reasons(schedule: Schedule, at: datetime, *, cancelled: bool, called: bool) -> list[Reason]:
    """Return why nobody can check in to a session: it is cancelled, its roll was called, it is not the time."""
    if cancelled:
        return [Reason("session_cancelled")]
    if called:
        return [Reason("check_in_roll_called")]
    return [] if is_time_to_check_in(schedule, at) else [Reason("check_in_not_now")]


def proposed_presence(checked_in_at: datetime, schedule: Schedule, grace_minutes: int) -> ProposedPresence:
    """Return the presence that a check-in proposes: late, from its minute, once the grace after the start is over."""
    minute = checked_in_at.replace(second=0, microsecond=0)
    if minute <= schedule.starts_at + timedelta(minutes=grace_minutes):
        return ProposedPresence(PresenceStatus.PRESENT, None)
    return ProposedPresence(PresenceStatus.LATE, minute)
