"""Pure rules of messages: what each kind says, and when its e-mail is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.notifications.enums import Kind, MailChoice

_SESSION = frozenset({"cohort", "activity", "starts_at", "timezone"})

PARAMS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.ADMITTED: frozenset({"cohort", "starts_on"}),
        Kind.APPLICATION_REFUSED: frozenset({"cohort"}),
        Kind.TRAINING_STARTED: frozenset({"cohort"}),
        Kind.ENROLMENT_CHANGED: frozenset({"cohort", "state"}),
        Kind.SEAT_OFFERED: frozenset({"cohort", "until_at", "timezone"}),
        Kind.OFFER_EXPIRED: frozenset({"cohort"}),
        Kind.TRANSFER_TO_CONSENT: frozenset({"cohort"}),
        Kind.TRANSFER_TO_DECIDE: frozenset({"cohort"}),
        Kind.TRANSFER_ENDED: frozenset({"cohort", "ending_kind"}),
        Kind.COHORT_CHANGED: frozenset({"cohort", "starts_on", "ends_on", "place"}),
        Kind.CATCH_UPS_DECIDED: frozenset({"cohort", "minutes"}),
        Kind.SESSION_PLANNED: _SESSION | {"place", "mode"},
        Kind.SERIES_PLANNED: frozenset({"cohort", "number", "sessions"}),
        Kind.SESSION_MOVED: _SESSION | {"was_at", "was_timezone", "place", "mode"},
        Kind.SESSION_CHANGED: _SESSION | {"planned_minutes", "place", "mode"},
        Kind.SESSION_CANCELLED: _SESSION,
        Kind.SESSION_RESTORED: _SESSION,
        Kind.CODEV_PLANNED: _SESSION | {"place", "mode"},
        Kind.CODEV_MOVED: _SESSION | {"was_at", "was_timezone", "planned_minutes", "place", "mode"},
        Kind.CODEV_CANCELLED: _SESSION,
        Kind.CODEV_RESTORED: _SESSION,
        Kind.GROUP_TOO_SMALL: frozenset({"cohort", "members"}),
        Kind.CONTRACT_TO_ACCEPT: frozenset({"cohort"}),
        Kind.ENTRANCE_ANNOUNCED: frozenset({"cohort", "enters_on"}),
        Kind.ENTRANCE_CALLED_OFF: frozenset({"cohort"}),
        Kind.ENTRANCE_CONCERNS: frozenset({"cohort"}),
        Kind.TURN_PASSED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.TURN_TAKEN: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.RESERVE_TAKEN: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.SWAP_PROPOSED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.SWAP_ACCEPTED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.SWAP_DECLINED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.SWAP_CALLED_OFF: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.RECORD_DISPUTED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.RECORD_CORRECTED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.RECORD_MAINTAINED: frozenset({"cohort", "starts_at", "timezone"}),
        Kind.CONFIDENCES_END: frozenset({"cohort", "destroyed_on"}),
        Kind.SESSION_TOMORROW: _SESSION | {"place", "mode"},
        Kind.JUDGED: frozenset({"cohort", "competency"}),
        Kind.WORK_RETURNED: frozenset({"cohort", "activity"}),
        Kind.ATTEMPT_OPENED: frozenset({"cohort", "activity"}),
        Kind.TEAM_NAMED: frozenset({"cohort", "activity"}),
        Kind.WORKS_ASSIGNED: frozenset({"cohort"}),
        Kind.WORKS_REASSIGNED: frozenset({"cohort"}),
        Kind.WORK_LATE: frozenset({"cohort", "activity", "due_on"}),
        Kind.HOURS_REFUSED: frozenset({"cohort", "minutes", "worked_on"}),
        Kind.CERTIFICATE_ISSUED: frozenset({"cohort", "certificate_kind"}),
        Kind.HOLD_OPENED: frozenset({"college", "hold_kind"}),
        Kind.HOLD_LIFTED: frozenset({"college", "hold_kind"}),
        Kind.PANEL_NAMED: frozenset({"cohort", "competency"}),
        Kind.REVIEW_DECIDED: frozenset({"cohort", "competency"}),
        Kind.RECOGNITION_WAITING: frozenset({"cohort", "competency"}),
        Kind.RECOGNITION_TO_JUDGE: frozenset({"cohort", "competency"}),
        Kind.RECOGNITION_STEP: frozenset({"cohort", "competency"}),
        Kind.RECOGNITION_DECIDED: frozenset({"cohort", "competency"}),
        Kind.ANNOUNCEMENT: frozenset({"cohort", "subject", "text"}),
        Kind.CORRECTION_ACCEPTED: frozenset({"resource"}),
        Kind.CORRECTION_REFUSED: frozenset({"resource"}),
    }
)
"""The parameters of each kind. ``*_at`` are moments, shown in the zone ``timezone``, ``was_at`` in ``was_timezone``;
``*_on`` days; ``*minutes`` hours; ``*_kind`` what a catalogue calls it; ``state`` is one of an enrolment, ``mode`` of a
session. No free text but that of an announcement, written for everyone: an e-mail passes through others' machines."""


def missing_params(kind: Kind, given: Mapping[str, object]) -> frozenset[str]:
    """Return the parameters of a kind that an event lacks, and those that it has too many."""
    return PARAMS[kind] ^ frozenset(given)


# When the e-mail is sent -------------------------------------------------------------------------

AT_ONCE, DIGEST, NONE = MailChoice.AT_ONCE, MailChoice.DIGEST, MailChoice.NONE
CHOICES: Mapping[Kind, tuple[MailChoice, ...]] = MappingProxyType(
    {
        Kind.ADMITTED: (AT_ONCE,),
        Kind.SEAT_OFFERED: (AT_ONCE,),
        Kind.COHORT_CHANGED: (AT_ONCE,),
        Kind.SESSION_PLANNED: (AT_ONCE,),
        Kind.SERIES_PLANNED: (AT_ONCE,),
        Kind.SESSION_MOVED: (AT_ONCE,),
        Kind.SESSION_CHANGED: (AT_ONCE,),
        Kind.SESSION_CANCELLED: (AT_ONCE,),
        Kind.SESSION_RESTORED: (AT_ONCE,),
        Kind.CODEV_PLANNED: (AT_ONCE,),
        Kind.CODEV_MOVED: (AT_ONCE,),
        Kind.CODEV_CANCELLED: (AT_ONCE,),
        Kind.CODEV_RESTORED: (AT_ONCE,),
        Kind.SESSION_TOMORROW: (AT_ONCE,),
        Kind.GROUP_TOO_SMALL: (AT_ONCE, DIGEST),
        Kind.CONTRACT_TO_ACCEPT: (AT_ONCE, DIGEST),
        Kind.ENTRANCE_ANNOUNCED: (AT_ONCE,),
        Kind.ENTRANCE_CALLED_OFF: (AT_ONCE, DIGEST),
        Kind.ENTRANCE_CONCERNS: (AT_ONCE, DIGEST),
        Kind.TURN_PASSED: (AT_ONCE, DIGEST),
        Kind.TURN_TAKEN: (AT_ONCE,),
        Kind.RESERVE_TAKEN: (AT_ONCE,),
        Kind.SWAP_PROPOSED: (AT_ONCE,),
        Kind.SWAP_ACCEPTED: (AT_ONCE, DIGEST),
        Kind.SWAP_DECLINED: (AT_ONCE, DIGEST),
        Kind.SWAP_CALLED_OFF: (AT_ONCE, DIGEST),
        Kind.RECORD_DISPUTED: (AT_ONCE, DIGEST),
        Kind.RECORD_CORRECTED: (AT_ONCE, DIGEST),
        Kind.RECORD_MAINTAINED: (AT_ONCE, DIGEST),
        Kind.CONFIDENCES_END: (AT_ONCE, DIGEST),
        Kind.APPLICATION_REFUSED: (AT_ONCE, DIGEST),
        Kind.OFFER_EXPIRED: (AT_ONCE, DIGEST),
        Kind.TRANSFER_TO_CONSENT: (AT_ONCE,),
        Kind.TRANSFER_TO_DECIDE: (AT_ONCE, DIGEST),
        Kind.TRANSFER_ENDED: (AT_ONCE, DIGEST),
        Kind.CATCH_UPS_DECIDED: (AT_ONCE, DIGEST),
        Kind.ENROLMENT_CHANGED: (AT_ONCE, DIGEST),
        Kind.JUDGED: (AT_ONCE, DIGEST),
        Kind.WORK_RETURNED: (AT_ONCE, DIGEST),
        Kind.ATTEMPT_OPENED: (AT_ONCE, DIGEST),
        Kind.TEAM_NAMED: (AT_ONCE, DIGEST),
        Kind.WORKS_ASSIGNED: (AT_ONCE, DIGEST),
        Kind.WORKS_REASSIGNED: (AT_ONCE, DIGEST),
        Kind.WORK_LATE: (AT_ONCE, DIGEST),
        Kind.HOURS_REFUSED: (AT_ONCE, DIGEST),
        Kind.CERTIFICATE_ISSUED: (AT_ONCE, DIGEST),
        Kind.HOLD_OPENED: (AT_ONCE,),
        Kind.HOLD_LIFTED: (AT_ONCE, DIGEST),
        Kind.PANEL_NAMED: (AT_ONCE, DIGEST),
        Kind.REVIEW_DECIDED: (AT_ONCE, DIGEST),
        Kind.RECOGNITION_WAITING: (AT_ONCE, DIGEST),
        Kind.RECOGNITION_TO_JUDGE: (AT_ONCE, DIGEST),
        Kind.RECOGNITION_STEP: (AT_ONCE, DIGEST),
        Kind.RECOGNITION_DECIDED: (AT_ONCE, DIGEST),
        Kind.ANNOUNCEMENT: (AT_ONCE, DIGEST),
        Kind.TRAINING_STARTED: (AT_ONCE, DIGEST, NONE),
        Kind.CORRECTION_ACCEPTED: (AT_ONCE, DIGEST, NONE),
        Kind.CORRECTION_REFUSED: (AT_ONCE, DIGEST, NONE),
    }
)
"""What a person may choose for each kind; the first holds unless they chose. What must be known has no ``none``, what
would come too late has no ``digest`` (docs/decisions/0030)."""

AT_ANY_HOUR = frozenset(
    {
        Kind.SESSION_MOVED,
        Kind.SESSION_CHANGED,
        Kind.SESSION_CANCELLED,
        Kind.SESSION_RESTORED,
        Kind.CODEV_MOVED,
        Kind.CODEV_CANCELLED,
        Kind.CODEV_RESTORED,
    }
)
"""The kinds that quiet hours do not hold back: someone may be about to leave for the session."""

ON_A_SESSION = AT_ANY_HOUR | {Kind.SESSION_PLANNED, Kind.SERIES_PLANNED, Kind.CODEV_PLANNED, Kind.SESSION_TOMORROW}
"""The kinds whose e-mail carries the session, or each of a series in a file of its own, for one's calendar: a file of
several entries would open as another calendar (``platform/documents/calendar_file.py``). None is ever in a digest."""

DIGEST_HOUR = 7
QUIET_FROM, QUIET_UNTIL = 21, 7
EARLIEST_QUIET, LATEST_QUIET = 18, 10
"""Quiet hours begin at 18 h or later, and end at 10 h or before: they are one night, far from every change of clock."""


@dataclass(frozen=True, slots=True)
class MailHours:
    """The hours of the night, local to ``timezone``, in which someone gets no e-mail; ``None``: no such hours."""

    timezone: str = "America/Toronto"
    quiet_from: int | None = QUIET_FROM
    quiet_until: int = QUIET_UNTIL


def choice_of(kind: Kind, chosen: Mapping[str, str]) -> MailChoice:
    """Return when the e-mail of a kind is sent, by what a person chose where they may."""
    given = chosen.get(kind.value)
    return next((choice for choice in CHOICES[kind] if choice.value == given), CHOICES[kind][0])


def mail_time(kind: Kind, choice: MailChoice, written_at: datetime, hours: MailHours, now: datetime) -> datetime | None:
    """Return when the e-mail of a message written at a moment is sent, not before ``now``; ``None``: it has none.

    Quiet hours hold when it is sent: what was written in the evening may be late, and waits for the morning.
    """
    if choice is MailChoice.NONE:
        return None
    if kind in AT_ANY_HOUR:
        return max(written_at, now)
    at = next_digest(written_at, hours.timezone) if choice is MailChoice.DIGEST else written_at
    return after_quiet(max(at, now), hours)


def next_digest(at: datetime, timezone: str) -> datetime:
    """Return the first time of a digest after a moment."""
    zone = ZoneInfo(timezone)
    day = at.astimezone(zone).date()
    today = _moment(day, DIGEST_HOUR, zone)
    return today if today > at else _moment(day + timedelta(days=1), DIGEST_HOUR, zone)


def after_quiet(at: datetime, hours: MailHours) -> datetime:
    """Return a moment, or the end of the quiet hours that it is in."""
    if hours.quiet_from is None:
        return at
    zone = ZoneInfo(hours.timezone)
    here = at.astimezone(zone)
    if here.hour < hours.quiet_until:
        return _moment(here.date(), hours.quiet_until, zone)
    if here.hour >= hours.quiet_from:
        return _moment(here.date() + timedelta(days=1), hours.quiet_until, zone)
    return at


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
