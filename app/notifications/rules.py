"""Pure rules of messages: what each kind says, and the e-mail that may follow it."""

from collections.abc import Mapping
from types import MappingProxyType

from app.notifications.enums import Kind

_SESSION = frozenset({"cohort", "activity", "starts_at", "timezone"})

PARAMS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.ADMITTED: frozenset({"cohort", "starts_on"}),
        Kind.APPLICATION_REFUSED: frozenset({"cohort"}),
        Kind.TRAINING_STARTED: frozenset({"cohort"}),
        Kind.ENROLMENT_CHANGED: frozenset({"cohort", "state"}),
        Kind.SEAT_OFFERED: frozenset({"cohort", "until_at", "timezone"}),
        Kind.OFFER_EXPIRED: frozenset({"cohort"}),
        Kind.SESSION_MOVED: _SESSION | {"was_at", "place"},
        Kind.SESSION_CANCELLED: _SESSION | {"reason"},
        Kind.SESSION_RESTORED: _SESSION,
        Kind.SESSION_TOMORROW: _SESSION | {"place"},
        Kind.JUDGED: frozenset({"cohort", "competency"}),
        Kind.WORK_RETURNED: frozenset({"cohort", "activity"}),
        Kind.WORK_LATE: frozenset({"cohort", "activity", "due_on"}),
        Kind.HOURS_REFUSED: frozenset({"cohort", "minutes", "worked_on"}),
        Kind.CERTIFICATE_ISSUED: frozenset({"cohort", "certificate_kind"}),
    }
)
"""The parameters of each kind. ``*_at`` are moments, shown in the zone ``timezone``; ``*_on`` days; ``*minutes`` hours;
``state`` is one of an enrolment. No free text about a person: an e-mail passes through other people's machines."""


def missing_params(kind: Kind, given: Mapping[str, object]) -> frozenset[str]:
    """Return the parameters of a kind that an event lacks, and those that it has too many."""
    return PARAMS[kind] ^ frozenset(given)
